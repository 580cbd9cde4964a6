using System.Globalization;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;

namespace Sallyport.Replay.Http;

/// <summary>Requests as people read them.</summary>
internal static class HttpWords
{
    /// <summary>What was asked: <c>get pods/log shop/web-1</c>, <c>POST /login</c>, and of exec the command.</summary>
    public static string What(HttpTranscriptExchange exchange)
    {
        if (exchange.Kube is not { Verb.Length: > 0 } kube)
            return $"{exchange.Method} {exchange.Path}";
        string command = exchange.Tunnel is { Command.Length: > 0 } tunnel ? $": {tunnel.Command}" : "";
        return $"{kube}{command}";
    }

    /// <summary>What came of it: the status, or that there was none.</summary>
    public static string Outcome(HttpTranscriptExchange exchange)
    {
        string status = exchange.Status == 0 ? "no answer" : exchange.Status.ToString(CultureInfo.InvariantCulture);
        string exit = exchange.Tunnel?.ExitStatus is { } exited ? string.Create(CultureInfo.InvariantCulture, $", exit {exited}") : "";
        string reset = (exchange.ResetByClient, exchange.ResetByTarget) switch
        {
            ({ } client, _) => string.Create(CultureInfo.InvariantCulture, $", given up by the client ({client})"),
            (_, { } target) => string.Create(CultureInfo.InvariantCulture, $", given up by the target ({target})"),
            _ => exchange.EndedAt is null ? ", still under way" : "",
        };
        return status + exit + reset;
    }

    /// <summary>What policy said, where it did not plainly allow it; empty: it did, or said nothing.</summary>
    public static string Rule(HttpTranscriptExchange exchange) => exchange switch
    {
        { Verdict: VerdictKind.Deny } => $"REFUSED by {exchange.Rule}",
        { Verdict: VerdictKind.Hold } => $"HELD by {exchange.Rule}",
        { IsMasked: true } => $"masked by {exchange.Rule}",
        _ => "",
    };

    /// <summary>Body bytes each way; of a terminal what it carried.</summary>
    public static (long In, long Out) Sizes(HttpTranscriptExchange exchange) => exchange.Tunnel is { } tunnel && tunnel.InputBytes + tunnel.OutputBytes + tunnel.ErrorBytes > 0
        ? (tunnel.InputBytes, tunnel.OutputBytes + tunnel.ErrorBytes)
        : (exchange.RequestBytes, exchange.ResponseBytes);
}
