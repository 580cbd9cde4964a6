using System.Net;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;

namespace Sallyport.Fuzz.Targets;

/// <summary>Policy documents as somebody's editor left them: refused with a reason, or in force and able to judge. Never half of each.</summary>
internal sealed class PolicyParserTarget : ITarget
{
    private static readonly byte[] MaskKey = new byte[32];

    private static readonly SessionFacts Facts = new()
    {
        SessionId = Guid.Empty,
        Node = "fuzz",
        Listener = "fuzz",
        Protocol = "postgres",
        Identity = new Identity
        {
            Subject = "ada@example.com",
            Groups = ["engineering", "assistants"],
            ActingFor = ["grace@example.com"],
            Issuer = "https://issuer.example",
            AuthenticatedAt = DateTimeOffset.UnixEpoch,
            AuthenticationContext = "phr",
            ExpiresAt = DateTimeOffset.MaxValue,
        },
        Target = "shop",
        Source = new IPEndPoint(IPAddress.Loopback, 1),
        StartedAt = DateTimeOffset.UnixEpoch,
    };

    public string Name => "PolicyParser";

    // YAML is read into a tree, and a time zone may be looked up; what must not happen is growth by repetition (aliases).
    public long MaxAllocation(int inputLength) => (64L << 20) + (4096L * inputLength);

    public void Run(ReadOnlySpan<byte> input)
    {
        var store = new PolicyStore(TimeProvider.System, MaskKey);
        bool loaded = store.TryLoad([new PolicySource("fuzz.yaml", input.ToArray())], out IReadOnlyList<Diagnostic> diagnostics);
        OracleException.Require(loaded || diagnostics.Count > 0, "refused without a reason");
        OracleException.Require(store.Version == (loaded ? 1 : 0), "refused and in force");

        var action = new ActionView { Kind = ActionKind.Statement, Verb = Verb.Drop, Text = "DROP TABLE t"u8, Names = "public.t"u8, Objects = [new(Verb.Drop, ObjectFlags.None, 0, 8, 6)] };
        Verdict verdict = store.Open(Facts).Judge(action);
        OracleException.Require(!string.IsNullOrEmpty(verdict.RuleId), "a verdict by no rule");
        OracleException.Require(loaded || verdict.Kind == VerdictKind.Deny, "allowed by a policy that was refused");
        IReadOnlyList<string> holding = store.HoldingRules(Facts, action);
        OracleException.Require(holding.Count > 0 == (verdict.Kind == VerdictKind.Hold), "held by no rule, or not held by one");
        OracleException.Require(holding.Count == 0 || holding[0] == verdict.RuleId, "held by another rule than the one that is named");
        OracleException.Require(holding.Count == 0 || !store.TermsFor(Facts, action)!.IsMetBy([]), "released by nobody");
    }
}
