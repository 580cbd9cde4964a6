using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Tests.Support;

/// <summary>A state in a SQLite file of its own, and its seal.</summary>
internal sealed class TestState : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Logs _logs = new();

    private TestState()
    {
        _directory.Write("store.key", Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(_directory["store.key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Config = new StoreConfig
        {
            Sqlite = new ConfigPath(_directory["state/state.db"], default),
            Key = new SecretReference(SecretSource.File, _directory["store.key"], default),
        };
    }

    public StoreConfig Config { get; }

    public StateStore Store { get; private set; } = null!;

    public Sealer Sealer { get; private set; } = null!;

    public static async Task<TestState> OpenAsync(TimeProvider? time = null)
    {
        var state = new TestState();
        state.Store = await StateStore.OpenAsync(state.Config, time ?? TimeProvider.System, state._logs.Log, CancellationToken.None);
        state.Sealer = await Sealer.OpenAsync(state.Store, OperatorKey.Read(state.Config.Key), time ?? TimeProvider.System, state._logs.Log, CancellationToken.None);
        return state;
    }

    public async ValueTask DisposeAsync()
    {
        await Sealer.DisposeAsync();
        await Store.DisposeAsync();
        _logs.Dispose();
        _directory.Dispose();
    }
}
