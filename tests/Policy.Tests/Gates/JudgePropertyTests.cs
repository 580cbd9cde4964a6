using CsCheck;
using Sallyport.Contract;
using Sallyport.Policy.Explaining;
using Sallyport.Policy.Tests.Support;
using Xunit;

namespace Sallyport.Policy.Tests.Gates;

public class JudgePropertyTests
{
    private static readonly Gen<string> Name = Gen.OneOf("a", "b", "ab", "ba", "aab");
    private static readonly Gen<string> Schema = Gen.OneOf("", "", "public", "x", "pg_catalog");
    private static readonly Gen<Verb> AnyVerb = Gen.Frequency((10, Gen.OneOf(Verb.Select, Verb.Insert, Verb.Delete)), (1, Gen.Const(Verb.Unknown)));
    private static readonly Gen<bool> Rarely = Gen.Frequency((5, Gen.Const(false)), (1, Gen.Const(true)));

    private static readonly Gen<string> Pattern =
        Gen.Select(Gen.OneOf("", "", "public.", "x.", "*.", "p*.", "?."), Gen.OneOf("a", "b", "ab", "*", "a*", "?", "*b", "a?*"), (s, n) => s + n);

    private static readonly Gen<ModelRule> Rule =
        from effect in Gen.Frequency((3, Gen.Const(VerdictKind.Allow)), (1, Gen.Const(VerdictKind.Deny)), (1, Gen.Const(VerdictKind.Hold)))
        from verbs in Gen.OneOf("all", "select", "insert", "delete").Array[1, 3]
        from objects in Gen.Frequency((1, Gen.Const((string[]?)null)), (3, Pattern.Array[1, 4].Select(p => (string[]?)p)))
        from noObject in Rarely
        from whereAbsent in Rarely
        from multi in Rarely
        from unparsed in Rarely
        from truncated in Rarely
        select new ModelRule("", effect, verbs, objects, noObject, whereAbsent, multi, unparsed, truncated);

    private static readonly Gen<ModelDocument[]> Documents =
        Rule.Array[0, 6].Array[1, 4].Select(docs => docs.Select((rules, d) => new ModelDocument($"d{d}", [.. rules.Select((r, i) => r with { Id = $"r{i}" })])).ToArray());

    private static readonly Gen<TestEffect> Effect =
        from verb in AnyVerb
        from schema in Schema
        from name in Name
        from hasObject in Gen.Frequency((6, Gen.Const(true)), (1, Gen.Const(false)))
        from whereAbsent in Gen.Bool
        select hasObject ? new TestEffect(verb, schema, name, whereAbsent) : new TestEffect(verb, WhereAbsent: whereAbsent);

    private static readonly Gen<TestAction> Action =
        from verb in AnyVerb
        from flags in Gen.Frequency((4, Gen.Const(0)), (2, Gen.Int[0, 7]))
        from effects in Effect.Array[0, 4]
        select new TestAction(verb, (ActionFlags)flags, effects);

    [Fact]
    public void Judge_explain_and_the_plain_reference_agree() =>
        Gen.Select(Documents, Action.Array[10]).Sample(
            (documents, actions) =>
            {
                PolicyStore store = TestPolicy.Load([.. documents.Select(d => d.ToYaml())]);
                IGate gate = store.Open(TestPolicy.Facts());
                foreach (TestAction action in actions)
                {
                    (VerdictKind, string) expected = ReferenceJudge.Judge(documents, action, out string[] holding);
                    Verdict verdict = gate.Judge(action.View());
                    PolicyExplanation explanation = store.Explain(TestPolicy.Facts(), action.View());
                    Assert.Equal(expected, (verdict.Kind, verdict.RuleId));
                    Assert.Equal(expected, (explanation.Verdict, explanation.RuleId));
                    Assert.Equal(holding, store.HoldingRules(TestPolicy.Facts(), action.View()));
                }
            },
            iter: 600);

    [Fact]
    public void The_order_of_documents_and_rules_never_matters() =>
        Gen.Select(Documents, Action.Array[5], Gen.Int).Sample(
            (documents, actions, seed) =>
            {
                Random random = new(seed);
                ModelDocument[] shuffled = [.. documents.Select(d => d with { Rules = Shuffle(d.Rules, random) })];
                IGate one = TestPolicy.Load([.. documents.Select(d => d.ToYaml())]).Open(TestPolicy.Facts());
                IGate other = TestPolicy.Load([.. Shuffle(shuffled, random).Select(d => d.ToYaml())]).Open(TestPolicy.Facts());
                foreach (TestAction action in actions)
                    Assert.Equal(one.Judge(action.View()), other.Judge(action.View()));
            },
            iter: 200);

    [Fact]
    public void A_further_deny_rule_never_lets_more_through() =>
        Gen.Select(Documents, Rule, Action.Array[5]).Sample(
            (documents, rule, actions) =>
            {
                ModelDocument further = new("z", [rule with { Id = "deny", Effect = VerdictKind.Deny }]);
                IGate before = TestPolicy.Load([.. documents.Select(d => d.ToYaml())]).Open(TestPolicy.Facts());
                IGate after = TestPolicy.Load([.. documents.Append(further).Select(d => d.ToYaml())]).Open(TestPolicy.Facts());
                foreach (TestAction action in actions)
                    Assert.True(after.Judge(action.View()).Kind <= before.Judge(action.View()).Kind);
            },
            iter: 200);

    private static T[] Shuffle<T>(T[] items, Random random)
    {
        T[] copy = [.. items];
        random.Shuffle(copy);
        return copy;
    }
}
