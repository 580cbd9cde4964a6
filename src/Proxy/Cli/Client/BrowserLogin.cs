using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>A login in the browser: authorization code with PKCE (RFC 6749 4.1, RFC 7636, RFC 8252).</summary>
/// <param name="open">Opens the address in a browser; false: there is none.</param>
internal sealed class BrowserLogin(BrokerClient client, TextWriter error, Func<string, bool> open, TimeProvider time)
{
    /// <summary>How long a person has.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);

    /// <exception cref="ClientException">Nobody was logged in; the message says why.</exception>
    public async Task<(TokenAnswer Tokens, string Subject)> RunAsync(BrokerMetadata broker, string scope, CancellationToken cancel)
    {
        if (broker.Authorization is null)
            throw new ClientException("This broker has no login in the browser: try --device.");
        (string state, string nonce, string verifier) = (Secret(), Secret(), Secret());
        LoopbackAnswer loopback = await LoopbackAnswer.StartAsync(state, cancel).ConfigureAwait(false);
        await using (loopback.ConfigureAwait(false))
        {
            string address = Address(broker.Authorization, new()
            {
                ["response_type"] = "code",
                ["client_id"] = BrokerClient.ClientId,
                ["redirect_uri"] = loopback.RedirectUri,
                ["scope"] = scope,
                ["state"] = state,
                ["nonce"] = nonce,
                ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
                ["code_challenge_method"] = "S256",
            });
            error.WriteLine(open(address) ? "Log in in the browser. If it does not open, go to:" : "To log in, go to:");
            error.WriteLine($"\n  {address}\n");
            AuthorizationAnswer answer = await AnswerAsync(loopback, cancel).ConfigureAwait(false);
            return await RedeemAsync(broker, answer, loopback.RedirectUri, nonce, verifier, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Opens an address with the desktop's own program; false where there is no desktop.</summary>
    public static bool OpenWithDesktop(string address)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DISPLAY")) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("WAYLAND_DISPLAY")))
            return false;
        try
        {
            using Process? browser = Process.Start(new ProcessStartInfo("xdg-open") { ArgumentList = { address }, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
            return browser is not null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // Not installed: the address is printed.
        }
    }

    private async Task<AuthorizationAnswer> AnswerAsync(LoopbackAnswer loopback, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(Wait, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            return await loopback.WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ClientException("Nobody came back from the browser in time. On a machine without one, use --device.");
        }
    }

    private async Task<(TokenAnswer Tokens, string Subject)> RedeemAsync(
        BrokerMetadata broker, AuthorizationAnswer answer, string redirect, string nonce, string verifier, CancellationToken cancel)
    {
        // RFC 9207 2.4: an answer that another server gave must not be redeemed here.
        if (answer.Issuer is null ? broker.NamesItself : answer.Issuer != broker.Issuer)
            throw new ClientException("The answer came from another server than was asked: nobody is logged in. Somebody may have tampered with the login; try again.");
        if (answer.Error is { } refused)
            throw new ClientException($"The broker refused the login: {BrokerClient.Safe(refused)}{(answer.Description is { } why ? $" ({BrokerClient.Safe(why)})" : "")}.");
        if (answer.Code is null)
            throw new ClientException("The broker answered without a code: nobody is logged in.");
        TokenAnswer tokens = await client.TokenAsync(
            broker, [new("grant_type", "authorization_code"), new("code", answer.Code), new("redirect_uri", redirect), new("code_verifier", verifier)], cancel).ConfigureAwait(false);
        if (tokens.Error is not null)
            throw new ClientException($"The broker gave no token: {BrokerClient.Safe(tokens.Error)}{(tokens.Description is null ? "" : $" ({tokens.Description})")}. Log in again.");
        return (tokens, IdTokenCheck.Subject(tokens.IdToken, broker.Issuer, nonce, time.GetUtcNow()));
    }

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static string Address(Uri endpoint, Dictionary<string, string> query)
    {
        string separator = endpoint.Query.Length > 0 ? "&" : "?";
        return endpoint.AbsoluteUri + separator + string.Join('&', query.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
    }
}
