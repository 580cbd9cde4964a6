using System.Net;
using System.Text;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Xunit;

namespace Sallyport.Policy.Tests.Support;

/// <summary>Short ways to load policies, make facts and ask for verdicts.</summary>
public static class TestPolicy
{
    public static readonly byte[] MaskKey = Encoding.ASCII.GetBytes("0123456789abcdef0123456789abcdef");

    public static PolicyStore Load(params string[] documents) => Load(new TestTime(), documents);

    public static PolicyStore Load(TimeProvider time, params string[] documents)
    {
        PolicyStore store = new(time, MaskKey);
        bool loaded = store.TryLoad(documents.Select((d, i) => Source($"{i:D3}.yaml", d)), out IReadOnlyList<Diagnostic> diagnostics);
        Assert.True(loaded, string.Join('\n', diagnostics));
        return store;
    }

    public static PolicySource Source(string name, string text) => new(name, Encoding.UTF8.GetBytes(text));

    public static SessionFacts Facts(
        string subject = "jane@example.com",
        string[]? groups = null,
        IdentityKind kind = IdentityKind.Human,
        string target = "shop",
        string resource = "",
        string source = "10.1.2.3",
        string issuer = "https://idp.example.com") => new()
        {
            SessionId = Guid.Empty,
            Node = "node",
            Listener = "listener",
            Protocol = "postgres",
            Identity = new Identity { Subject = subject, Groups = [.. groups ?? []], Kind = kind, Issuer = issuer, ExpiresAt = DateTimeOffset.MaxValue },
            Target = target,
            Resource = resource,
            Source = new IPEndPoint(IPAddress.Parse(source), 1234),
            StartedAt = DateTimeOffset.UnixEpoch,
        };

    /// <summary>The verdict as <c>allow by a/b</c>, after checking that the explanation says the same.</summary>
    public static string Ask(PolicyStore store, TestAction action, SessionFacts? facts = null)
    {
        facts ??= Facts();
        Verdict verdict = store.Open(facts).Judge(action.View());
        Policy.Explaining.PolicyExplanation explanation = store.Explain(facts, action.View());
        Assert.Equal((verdict.Kind, verdict.RuleId, verdict.Hint), (explanation.Verdict, explanation.RuleId, explanation.Hint));
        return $"{KebabNames.Name(verdict.Kind)} by {verdict.RuleId}";
    }

    public static string Ask(PolicyStore store, string action, ActionFlags flags = ActionFlags.None) => Ask(store, TestAction.Parse(action, flags));
}
