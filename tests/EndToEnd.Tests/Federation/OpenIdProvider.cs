using System.Text.Json;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Federation;

/// <summary>A certified OpenID provider (npm oidc-provider) on loopback, whose accounts a test can change while it runs.</summary>
public sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientId = "sallyport";

    private readonly TempFolder _folder = new();
    private ChildProcess? _process;

    /// <summary>Canary: must not turn up anywhere.</summary>
    public string ClientSecret { get; } = "canary-" + Guid.NewGuid().ToString("N");

    public int Port { get; } = FreePort.Next();

    public string Issuer => $"http://127.0.0.1:{Port}";

    /// <summary>Starts one.</summary>
    public static async Task<OpenIdProvider> StartAsync(string redirect, string? backchannelLogout = null)
    {
        var provider = new OpenIdProvider();
        try
        {
            await provider.RunAsync(redirect, backchannelLogout);
            return provider;
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it: once its client, which is told its <see cref="Issuer"/> before, has said where it is.</summary>
    /// <param name="redirect">Where it may send browsers back to.</param>
    /// <param name="backchannelLogout">Where it tells that a login has ended; null: nowhere.</param>
    public async Task RunAsync(string redirect, string? backchannelLogout = null)
    {
        string dir = await InstallAsync();
        if (!File.Exists(_folder.At("accounts.json")))
            SetAccounts(new Dictionary<string, string[]>());
        string settings = _folder.Write("settings.json", JsonSerializer.Serialize(new
        {
            port = Port,
            clientId = ClientId,
            clientSecret = ClientSecret,
            redirectUri = redirect,
            backchannelLogoutUri = backchannelLogout,
            accounts = _folder.At("accounts.json"),
        }));
        var environment = new Dictionary<string, string> { ["NODE_TLS_REJECT_UNAUTHORIZED"] = "0" };
        _process = ChildProcess.Start(["node", Path.Combine(dir, "provider.js"), settings], environment);
        await _process.WaitForOutputAsync("listening");
    }

    /// <summary>Waits until it has said that.</summary>
    public Task WaitForLogAsync(string text) => (_process ?? throw new InvalidOperationException("The provider has not been started.")).WaitForOutputAsync(text);

    /// <summary>Who there is, and their groups; the verified address of each is <c>NAME@corp.example</c>.</summary>
    public void SetAccounts(IReadOnlyDictionary<string, string[]> groups) => _folder.Write(
        "accounts.json",
        JsonSerializer.Serialize(groups.ToDictionary(a => a.Key, a => new { email = $"{a.Key}@corp.example", email_verified = true, groups = a.Value })));

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<string> InstallAsync()
    {
        await using ChildProcess install = ChildProcess.Start([Repository.Script("openid-provider")]);
        int code = await install.WaitForExitAsync();
        return code == 0 ? install.Output.Trim().Split('\n')[^1] : throw new InvalidOperationException($"eng/openid-provider: exit code {code}\n{install.Error}");
    }
}
