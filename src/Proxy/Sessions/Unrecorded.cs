using Sallyport.Contract;

namespace Sallyport.Proxy.Sessions;

/// <summary>Records nothing: for <c>recordings.enabled: false</c>, where another system keeps the audit. Never chosen by itself.</summary>
internal sealed class Unrecorded : IRecorder, ISessionRecorder
{
    /// <inheritdoc/>
    public ISessionRecorder Open(SessionFacts facts) => this;

    /// <inheritdoc/>
    public bool Data(Direction direction, ReadOnlySpan<byte> bytes) => true;

    /// <inheritdoc/>
    public bool Decision(in ActionView action, in Verdict verdict) => true;

    /// <inheritdoc/>
    public bool Event(string name, string detail) => true;

    /// <inheritdoc/>
    public ValueTask ReadyAsync(CancellationToken cancel) => default;

    /// <inheritdoc/>
    public ValueTask CompleteAsync(SessionEnd end) => default;
}
