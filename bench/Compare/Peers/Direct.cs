using Sallyport.Compare.Postgres;

namespace Sallyport.Compare.Peers;

/// <summary>No proxy at all: what the machine can do.</summary>
internal sealed class Direct(BenchDatabase database) : IPeer
{
    public string Name => "direct";

    public Endpoint Endpoint { get; } = new(database.Server.Port, BenchDatabase.Name, BenchDatabase.User, database.Password);

    public int? ProcessId => null;

    public Task VerifyAsync() => Check.AccountsAsync(this);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
