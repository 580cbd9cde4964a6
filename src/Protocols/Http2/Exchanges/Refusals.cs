using System.Buffers;
using System.Globalization;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>What clients are answered in a target's place: what happened, why, and what to do next. The session goes on.</summary>
internal static class Refusals
{
    /// <summary>Seconds after which a client should ask again for what waits for approval. Clients of Kubernetes do so by themselves, ten times.</summary>
    private const int RetryAfter = 5;

    public static HttpRefusal LoginNeeded { get; } = new(401, "", "Log in: the request carries no bearer token.");

    public static HttpRefusal LoginRefused { get; } = new(401, "", "The login was refused.");

    /// <summary>No such target, or not for this person: both look the same.</summary>
    public static HttpRefusal TargetUnknown { get; } = new(403, "", "There is no such target, or it is not for you.");

    public static HttpRefusal TargetUnreachable { get; } = new(502, "", "The target cannot be reached.");

    public static HttpRefusal NotSwitched { get; } = new(502, "", "The target has not opened the WebSocket.");

    public static HttpRefusal Suspended { get; } = new(403, "", "This session stands still: ask whoever runs this server.");

    public static HttpRefusal HeadTooLarge { get; } = new(431, "", "The request's header fields are too large.");

    public static HttpRefusal BodyTooLarge { get; } = new(413, "", "The request's body is too large to be judged.");

    public static HttpRefusal TrailersHeld { get; } = new(400, "", "What a person has to approve cannot have trailers: send them as fields of the request.");

    public static HttpRefusal ApprovalOver { get; } = new(403, "", "What this was approved by has ended: send it again to ask anew.");

    public static HttpRefusal BodyTooSlow { get; } = new(408, "", "The request's body, which is judged as a whole, did not come in time.");

    public static HttpRefusal TooManyBodies { get; } = new(503, "", "Too many bodies wait to be judged: try again in a moment.") { RetryAfterSeconds = 1 };

    /// <summary>The identity provider gave them one of the cluster's own names.</summary>
    public static HttpRefusal NotImpersonated { get; } = new(403, "", $"Your name begins with \"{HttpImpersonation.Reserved}\", or cannot stand in a field: the cluster is not told that it is you. Ask whoever runs this server (\"impersonate\").");

    public static HttpRefusal NotRecorded { get; } = new(503, "", "The session cannot be recorded, so it is refused: tell whoever runs this server, its log says why.");

    public static HttpRefusal Stopping { get; } = new(503, "", "The server is stopping: try again in a moment.") { RetryAfterSeconds = 1 };

    public static HttpRefusal Failed { get; } = new(500, "", "The request failed here: tell whoever runs this server, its log says why.");

    public static HttpRefusal TooManySessions { get; } = new(429, "", "Too many identities and targets on one connection: open another.") { RetryAfterSeconds = 1 };

    /// <summary>The target takes no more requests on that connection, and has not looked at this one.</summary>
    public static HttpRefusal Untouched { get; } = new(503, "", "The target takes no more requests on its connection: try again.") { RetryAfterSeconds = 1 };

    public static HttpRefusal IdentityField(string name) => new(400, "", $"The field {name} says what only this server may say: remove it. Who you are comes from your login.");

    /// <summary>Whoever obeys it takes away what says whom the request is from, or what it is.</summary>
    public static HttpRefusal ListedField { get; } = new(400, "", "The Connection field names a field of the message: it may name fields of the connection alone (RFC 9110 7.6.1).");

    public static HttpRefusal Ambiguous(RequestProblem problem) => new(400, "", $"The request's target could be read in two ways ({problem}): it is not passed on.");

    public static HttpRefusal LimitReached(string? why) => new(429, "", $"{why ?? "No more sessions are allowed"}.") { RetryAfterSeconds = 10 };

    public static HttpRefusal SessionOver(string? why) => new(403, "", $"This session is over: {why ?? "it has ended"}. Connect again.");

    public static HttpRefusal TargetLost(H2ErrorCode code) => new(502, "", $"The target gave the request up ({code}).");

    public static HttpRefusal Of(in Verdict verdict) => new(403, verdict.RuleId, verdict.Hint ?? "");

    public static HttpRefusal Of(in Verdict verdict, HoldOutcome outcome) => new(403, verdict.RuleId, $"It was not approved: {outcome.Message} {HoldHints.Of(outcome.Reason)}");

    /// <summary>Nobody has decided yet: sent again, the same request joins what waits.</summary>
    public static HttpRefusal Pending(in Verdict verdict, HoldOutcome outcome, HoldNotice? told) => new(429, verdict.RuleId, $"{verdict.Hint} Send the same request again: it goes through once approval {outcome.Id} is given.".TrimStart())
    {
        RetryAfterSeconds = RetryAfter,
        ApprovalUrl = told?.Url ?? $"(sallyport approvals) {outcome.Id}",
    };

    /// <summary>Writes the head of an answer.</summary>
    /// <param name="about">What the request was about, at a Kubernetes target; null: it is another.</param>
    /// <returns>Its body.</returns>
    public static byte[] Write(HttpRefusal refusal, bool isKubernetes, KubeTarget? about, HttpHead head, bool isHead)
    {
        var body = new ArrayBufferWriter<byte>(512);
        if (isKubernetes)
            KubeStatus.Write(body, refusal, about);
        else
            HttpProblem.Write(body, refusal);
        head.TryAdd(":status"u8, Number(refusal.Status));
        head.TryAdd("content-type"u8, Encoding.ASCII.GetBytes(isKubernetes ? KubeStatus.MediaType : HttpProblem.MediaType));
        head.TryAdd("content-length"u8, Number(body.WrittenCount));
        head.TryAdd("cache-control"u8, "no-store"u8);
        if (refusal.Status == 401)
            head.TryAdd("www-authenticate"u8, "Bearer realm=\"sallyport\""u8);
        if (refusal.RetryAfterSeconds > 0)
            head.TryAdd("retry-after"u8, Number(refusal.RetryAfterSeconds));
        return isHead ? [] : body.WrittenSpan.ToArray();
    }

    private static byte[] Number(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
