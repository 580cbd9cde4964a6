using System.Text.Json;
using Sallyport.Proxy.Identity;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>A login on another device (RFC 8628), for machines without a browser.</summary>
internal sealed class DeviceLogin(BrokerClient client, TextWriter error, TimeProvider time)
{
    /// <summary>RFC 8628 3.2: when the broker does not say.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(30);

    /// <exception cref="ClientException">Nobody was logged in; the message says why.</exception>
    public async Task<(TokenAnswer Tokens, string Subject)> RunAsync(BrokerMetadata broker, string scope, CancellationToken cancel)
    {
        if (broker.Device is null)
            throw new ClientException("This broker has no login by another device: leave out --device.");
        using JsonDocument asked = await client.PostAsync(broker.Device, [new("scope", scope)], cancel).ConfigureAwait(false);
        JsonElement root = asked.RootElement;
        if (TokenParts.Text(root, "error") is { } refused)
            throw new ClientException($"The broker refused: {BrokerClient.Safe(refused)} {BrokerClient.Safe(TokenParts.Text(root, "error_description") ?? "")}".Trim());
        if (TokenParts.Text(root, "device_code") is not { } code || TokenParts.Text(root, "user_code") is not { } shown || TokenParts.Text(root, "verification_uri") is not { } address)
            throw new ClientException("The broker's answer makes no sense: it has no code to show.");

        error.WriteLine($"On any device go to  {BrokerClient.Safe(address)}  and type the code  {BrokerClient.Safe(shown)}");
        if (TokenParts.Text(root, "verification_uri_complete") is { } complete)
            error.WriteLine($"or go to  {BrokerClient.Safe(complete)}  and check that it shows the same code.");
        TokenAnswer tokens = await PollAsync(broker, code, Seconds(root, "interval") ?? Interval, Seconds(root, "expires_in") ?? LongestWait, cancel).ConfigureAwait(false);
        return (tokens, IdTokenCheck.Subject(tokens.IdToken, broker.Issuer, nonce: null, time.GetUtcNow()));
    }

    private async Task<TokenAnswer> PollAsync(BrokerMetadata broker, string code, TimeSpan interval, TimeSpan wait, CancellationToken cancel)
    {
        DateTimeOffset end = time.GetUtcNow() + (wait < LongestWait ? wait : LongestWait);
        while (true)
        {
            await Task.Delay(interval < LongestInterval ? interval : LongestInterval, time, cancel).ConfigureAwait(false);
            TokenAnswer answer = await client.TokenAsync(
                broker, [new("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), new("device_code", code)], cancel).ConfigureAwait(false);
            switch (answer.Error)
            {
                case null:
                    return answer;
                case "authorization_pending":
                    break;
                case "slow_down":
                    interval += TimeSpan.FromSeconds(5); // RFC 8628 3.5: for this and all later requests.
                    break;
                case "access_denied":
                    throw new ClientException("The login was refused on the other device.");
                case "expired_token":
                    throw new ClientException("Nobody typed the code in time: log in again.");
                default:
                    throw new ClientException($"The broker gave no token: {BrokerClient.Safe(answer.Error)}{(answer.Description is null ? "" : $" ({answer.Description})")}.");
            }

            if (time.GetUtcNow() >= end)
                throw new ClientException("Nobody typed the code in time: log in again.");
        }
    }

    private static TimeSpan? Seconds(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double seconds) && seconds is > 0 and < 86_400
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
