using System.Globalization;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>Judges ports as connections through them are opened.</summary>
internal interface IPortJudge
{
    /// <returns>Why it is refused, in words for the client; null: it is not.</returns>
    string? Refusal(ushort port);
}

/// <inheritdoc/>
internal sealed class PortJudge(SessionContext context, KubeStreamRequest request, TunnelRecord record) : IPortJudge
{
    private readonly HttpActions _actions = new();
    private readonly byte[] _pod = Encoding.UTF8.GetBytes(request.Pod);
    private readonly byte[] _space = Encoding.UTF8.GetBytes(request.Namespace);

    /// <inheritdoc/>
    public string? Refusal(ushort port)
    {
        _actions.Forward(_pod, _space, Encoding.ASCII.GetBytes(port.ToString(CultureInfo.InvariantCulture)));
        Verdict verdict = context.Judge(_actions.View(), out bool mustWait);
        record.Judged(mustWait);
        if (verdict.Kind == VerdictKind.Allow)
            return null;
        // A connection that is accepted already cannot wait for a person.
        string hint = verdict.Kind == VerdictKind.Hold ? "it needs an approval, which a port cannot wait for" : verdict.Hint ?? "ask for access to it";
        return HttpRefusal.Plain($"sallyport: port {port} of pod {request.Namespace}/{request.Pod} is refused by policy rule {verdict.RuleId}: {hint}");
    }
}
