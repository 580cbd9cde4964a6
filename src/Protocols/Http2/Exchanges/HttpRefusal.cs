using System.Globalization;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>What a client is answered in the target's place: what happened, why, and what to do next. The session goes on.</summary>
/// <param name="Status">RFC 9110 15.</param>
/// <param name="Reason">Kubernetes' word for it (metav1.StatusReason).</param>
/// <param name="Message">For the person.</param>
internal sealed record HttpRefusal(int Status, string Reason, string Message)
{
    public string? RuleId { get; init; }

    public string? Hint { get; init; }

    /// <summary>The client may try again after so many seconds.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The client may try again at once, and by itself: the target has not looked at the request.</summary>
    public bool IsUntouched { get; init; }

    public static HttpRefusal LoginNeeded { get; } = new(401, "Unauthorized", "sallyport: log in: the request carries no bearer token");

    public static HttpRefusal LoginRefused { get; } = new(401, "Unauthorized", "sallyport: the login was refused");

    /// <summary>No such target, or not for this person: both look the same.</summary>
    public static HttpRefusal TargetUnknown { get; } = new(403, "Forbidden", "sallyport: there is no such target, or it is not for you");

    public static HttpRefusal TargetUnreachable { get; } = new(502, "ServiceUnavailable", "sallyport: the target cannot be reached");

    public static HttpRefusal HeadTooLarge { get; } = new(431, "RequestHeaderFieldsTooLarge", "sallyport: the request's header fields are too large");

    public static HttpRefusal BodyTooLarge { get; } = new(413, "RequestEntityTooLarge", "sallyport: the request's body is too large to be judged");

    public static HttpRefusal NotRecorded { get; } =
        new(503, "ServiceUnavailable", "sallyport: the session cannot be recorded, so it is refused") { Hint = "Tell whoever runs this server: its log says why." };

    public static HttpRefusal Stopping { get; } = new(503, "ServiceUnavailable", "sallyport: the server is stopping") { RetryAfter = 1 };

    public static HttpRefusal TooManySessions { get; } =
        new(429, "TooManyRequests", "sallyport: too many identities and targets on one connection") { Hint = "Open another connection.", RetryAfter = 1 };

    public static HttpRefusal IdentityField(string name) =>
        new(400, "BadRequest", $"sallyport: the field {name} says who somebody is, and only this server may say that") { Hint = "Remove it: who you are comes from your login." };

    public static HttpRefusal LimitReached(string? why) => new(429, "TooManyRequests", $"sallyport: {why ?? "no more sessions are allowed"}") { RetryAfter = 10 };

    public static HttpRefusal SessionOver(HttpScope scope) =>
        new(403, "Forbidden", $"sallyport: this session is over: {scope.Ending?.Message ?? "it has ended"}") { Hint = "Connect again." };

    public static HttpRefusal TargetLost(H2ErrorCode code, bool untouched) => untouched
        ? new HttpRefusal(503, "ServiceUnavailable", "sallyport: the target takes no more requests on this connection") { IsUntouched = true, RetryAfter = 1 }
        : new HttpRefusal(502, "ServiceUnavailable", $"sallyport: the target gave the request up ({code})");

    public static HttpRefusal FromVerdict(Verdict verdict) => new(403, "Forbidden", $"sallyport: refused by rule {verdict.RuleId}") { RuleId = verdict.RuleId, Hint = verdict.Hint };

    public static HttpRefusal FromOutcome(Verdict verdict, HoldOutcome outcome) =>
        new(403, "Forbidden", $"sallyport: not approved ({verdict.RuleId}): {outcome.Message}") { RuleId = verdict.RuleId, Hint = HoldHints.Of(outcome.Reason) };

    /// <summary>Writes the head of the answer.</summary>
    /// <returns>Its body.</returns>
    public byte[] Write(HttpHead head, bool isKubernetes, bool isHead)
    {
        byte[] body = isKubernetes ? RefusalBody.Status(this) : RefusalBody.Problem(this);
        head.TryAdd(":status"u8, Number(Status));
        head.TryAdd("content-type"u8, isKubernetes ? "application/json"u8 : "application/problem+json"u8);
        head.TryAdd("content-length"u8, Number(body.Length));
        head.TryAdd("cache-control"u8, "no-store"u8);
        if (Status == 401)
            head.TryAdd("www-authenticate"u8, "Bearer realm=\"sallyport\""u8);
        if (RetryAfter is { } seconds)
            head.TryAdd("retry-after"u8, Number(seconds));
        return isHead ? [] : body;
    }

    private static byte[] Number(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
