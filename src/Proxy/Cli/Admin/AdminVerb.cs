using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Proxy.Cli.Client;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary>What a verb of the admin API runs with.</summary>
internal sealed record AdminContext(AdminClient Client, AdminOutput Output, ParseResult Parsed, CancellationToken Cancel)
{
    public T? Value<T>(Option<T> option) => Parsed.GetValue(option);

    public T Value<T>(Argument<T> argument) => Parsed.GetRequiredValue(argument);
}

/// <summary>Makes commands that talk to the admin API: where it is, who asks, and what becomes of a refusal is the same for all.</summary>
internal static class AdminVerb
{
    private const string UrlVariable = "SALLYPORT_URL";

    /// <summary>The environment variable that holds a token: it shows in no list of processes.</summary>
    private const string TokenVariable = "SALLYPORT_TOKEN";

    /// <summary>A command.</summary>
    /// <param name="symbols">Its own options and arguments.</param>
    /// <param name="run">What it does; the result is the exit code.</param>
    /// <param name="config">The option among them that names another client.yaml; null: there is none.</param>
    /// <param name="broker">The option among them that says whose login is meant; null: there is none.</param>
    public static Command Create(
        string name, string description, IEnumerable<Symbol> symbols, Func<AdminContext, Task<int>> run, Option<FileInfo?>? config = null, Option<Uri?>? broker = null)
    {
        Option<Uri?> url = UrlOption.Create($"Where the admin API is; ${UrlVariable} by default, else \"admin\" of client.yaml", "--url", "-u");
        Option<FileInfo?> tokenFile = new("--token-file") { Description = $"A file that holds a token; ${TokenVariable} by default, else the token of sallyport login", HelpName = "FILE" };
        Option<FileInfo?> ca = new("--ca") { Description = "Certificate authorities to trust (PEM); \"ca\" of client.yaml by default when the address is from there, else the system's", HelpName = "FILE" };
        Option<bool> json = new("--json") { Description = "Print JSON" };
        var command = new Command(name, description) { url, tokenFile, ca, json };
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)symbol);
        }

        command.SetAction(async (parsed, cancel) =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            try
            {
                using AdminClient client = await ClientAsync(
                    parsed.GetValue(url), parsed.GetValue(tokenFile), parsed.GetValue(ca), config is null ? null : parsed.GetValue(config), broker is null ? null : parsed.GetValue(broker), cancel).ConfigureAwait(false);
                var output = new AdminOutput(parsed.InvocationConfiguration.Output, error, parsed.GetValue(json));
                return await run(new AdminContext(client, output, parsed, cancel)).ConfigureAwait(false);
            }
            catch (AdminClientException refused)
            {
                error.WriteLine($"sallyport: {AdminOutput.Safe(refused.Message)}");
                return refused.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? ExitCode.Denied : ExitCode.Failed;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException or Client.ClientException)
            {
                error.WriteLine($"sallyport: {failure.Message}");
                return ExitCode.Failed;
            }
        });
        return command;
    }

    private static ClientConfig Saved(FileInfo? file)
    {
        try
        {
            return ClientConfig.Read(file);
        }
        catch (ClientException wrong)
        {
            throw new AdminClientException(wrong.Message, null, wrong);
        }
    }

    private static async Task<AdminClient> ClientAsync(Uri? url, FileInfo? tokenFile, FileInfo? ca, FileInfo? config, Uri? broker, CancellationToken cancel)
    {
        if (url is null && Environment.GetEnvironmentVariable(UrlVariable) is { Length: > 0 } named && !Uri.TryCreate(named, UriKind.Absolute, out url))
            throw new AdminClientException($"${UrlVariable} is no address: {named}");
        string? token = tokenFile is not null
            ? (await File.ReadAllTextAsync(tokenFile.FullName, cancel).ConfigureAwait(false)).Trim()
            : Environment.GetEnvironmentVariable(TokenVariable);
        ClientConfig? saved = url is null ? Saved(config) : null;
        url ??= saved?.Admin;
        if (url is null)
            throw new AdminClientException($"Where is the admin API? Say --url, ${UrlVariable}, or \"admin\" in ~/.config/sallyport/client.yaml.");
        if (string.IsNullOrEmpty(token))
            token = await Client.ClientSession.AdminTokenAsync(config, broker, cancel).ConfigureAwait(false);

        // Where the address comes from, there it also says whom to trust.
        X509Certificate2Collection? authorities = ca is null ? saved?.Authorities() : null;
        if (ca is not null)
        {
            authorities = [];
            authorities.ImportFromPemFile(ca.FullName);
        }

        return new AdminClient(url, token, authorities);
    }
}
