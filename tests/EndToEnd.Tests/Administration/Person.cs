using System.Text.Json;
using Sallyport.EndToEnd.Tests.State;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Administration;

/// <summary>Somebody with a token for the admin API, who gives commands. The token is made once and is good at every daemon that shares the issuer's key.</summary>
internal sealed class Person
{
    private readonly string _url;
    private readonly string _authority;
    private readonly string _tokenFile;

    private Person(string url, string authority, string tokenFile, string token) => (_url, _authority, _tokenFile, Token) = (url, authority, tokenFile, token);

    /// <summary>What they prove who they are with.</summary>
    public string Token { get; }

    /// <summary>Somebody of the local issuer.</summary>
    public static async Task<Person> OfAsync(SallyportDaemon daemon, string subject, string groups, string kind = "human") =>
        With(daemon, await daemon.TokenAsync(subject, groups, kind, admin: true));

    /// <summary>Whoever that token stands for.</summary>
    public static Person With(SallyportDaemon daemon, string token)
    {
        string name = $"tokens/{Guid.NewGuid():N}";
        daemon.WriteFile(name, token);
        return new Person(daemon.AdminUrl, daemon.CaFile, Path.Combine(Path.GetDirectoryName(daemon.ConfigFile)!, name), token);
    }

    /// <summary>The same person at another daemon, or at what stands before it.</summary>
    public Person At(string url) => new(url, _authority, _tokenFile, Token);

    /// <summary>Gives a command.</summary>
    public Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        SallyportDaemon.CommandAsync([.. arguments, "--url", _url, "--token-file", _tokenFile, "--ca", _authority]);

    /// <summary>Gives a command that is done.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> DoAsync(params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: exit code {code}\n{output}\n{error}");
        return output;
    }

    /// <summary>Gives a command that is done, and reads what it printed as JSON.</summary>
    public async Task<JsonElement> AskAsync(params string[] arguments)
    {
        using JsonDocument answer = JsonDocument.Parse(await DoAsync([.. arguments, "--json"]));
        return answer.RootElement.Clone();
    }

    /// <summary>The items of a list.</summary>
    public async Task<IReadOnlyList<JsonElement>> ListAsync(params string[] arguments)
    {
        JsonElement list = await AskAsync(arguments);
        return [.. (list.ValueKind == JsonValueKind.Array ? list : list.GetProperty("items")).EnumerateArray()];
    }

    /// <summary>Waits until the audit that can be searched has an event of that type with these words in it: it follows the audit's file.</summary>
    public Task AuditedAsync(string type, params string[] words) => WaitFor.TrueAsync(async () =>
        (await ListAsync("audit", "query", "--type", type)).Any(item => words.All(word => item.GetRawText().Contains(word, StringComparison.Ordinal))));

    /// <summary>Gives a command that is refused.</summary>
    /// <returns>What it said.</returns>
    public async Task<string> RefusedAsync(params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync(arguments);
        Assert.True(code != 0, $"{string.Join(' ', arguments)}: was done\n{output}");
        return output + error;
    }
}
