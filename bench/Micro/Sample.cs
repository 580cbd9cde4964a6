using System.Net;
using System.Text;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;

namespace Sallyport.Micro;

/// <summary>What the benchmarks work on: a session, a policy of the size a company has, messages as they are on the wire.</summary>
internal static class Sample
{
    /// <summary>An agent on the target `shop`.</summary>
    public static SessionFacts Facts { get; } = new()
    {
        SessionId = Guid.CreateVersion7(),
        Node = "bench",
        Listener = "databases",
        Protocol = "postgres",
        Identity = new Contract.Identity
        {
            Subject = "report-agent",
            Groups = ["assistants"],
            Kind = IdentityKind.Agent,
            Issuer = "https://sallyport.example",
            ExpiresAt = DateTimeOffset.MaxValue,
        },
        Target = "shop",
        Source = new IPEndPoint(IPAddress.Loopback, 50000),
        StartedAt = DateTimeOffset.UtcNow,
    };

    /// <summary>Fifty documents, of which one is about the session: forty rules over some two hundred names, and masks.</summary>
    /// <exception cref="InvalidOperationException">It does not load.</exception>
    public static PolicyStore Policy()
    {
        var yaml = new StringBuilder();
        for (int document = 0; document < 50; document++)
        {
            yaml.Append($"---\npolicy: team-{document}\nmatch:\n  groups: {(document == 7 ? "assistants" : $"team-{document}")}\n  targets: shop\nrules:\n");
            yaml.Append("  - {id: enter, effect: allow, verbs: login}\n");
            for (int rule = 0; rule < 37; rule++)
                yaml.Append($"  - {{id: tables-{rule}, effect: allow, verbs: [select, insert], objects: [{string.Join(", ", Enumerable.Range(0, 5).Select(n => $"public.t{rule}_{n}"))}]}}\n");
            yaml.Append("  - {id: read, effect: allow, verbs: read, objects: [public.customers, public.orders, customers, orders]}\n");
            yaml.Append("  - {id: no-ddl, effect: deny, verbs: ddl}\n");
            yaml.Append("  - {id: where, effect: deny, verbs: [update, delete], where: absent}\n");
            yaml.Append("mask:\n  - {id: email, columns: public.customers.email, with: email}\n  - {id: card, columns: public.customers.card_number, with: last4}\n");
        }

        var store = new PolicyStore(TimeProvider.System);
        if (!store.TryLoad([new PolicySource("bench.yaml", Encoding.UTF8.GetBytes(yaml.ToString()))], out IReadOnlyList<Diagnostic> diagnostics))
            throw new InvalidOperationException(string.Join('\n', diagnostics));
        return store;
    }

    /// <summary>Throws unless <paramref name="holds"/>: nothing is timed that does not compute the right thing.</summary>
    public static void Require(bool holds, string what)
    {
        if (!holds)
            throw new InvalidOperationException("Not timed, because wrong: " + what);
    }
}
