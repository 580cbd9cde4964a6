namespace Sallyport.Policy.Tests.Support;

/// <summary>A clock that stands still until it is set.</summary>
public sealed class TestTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2024, 5, 15, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
