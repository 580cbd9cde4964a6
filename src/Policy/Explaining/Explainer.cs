using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Gates;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Explaining;

/// <summary>Judges slowly, keeping every reason.</summary>
internal static class Explainer
{
    public static PolicyExplanation Explain(PolicySet set, SessionFacts facts, in ActionView action, DateTimeOffset now)
    {
        bool isLogin = action.Kind == ActionKind.Login;
        ActionEffects effects = new(isLogin ? new ActionView { Kind = ActionKind.Login, Verb = Verb.Login } : action);
        FactsText text = new(facts);
        Decision decision = new(effects.IsWellFormed ? effects.Count : 0);
        List<DocumentExplanation> documents = [];
        foreach (PolicyDocument document in set.Documents)
        {
            MatchCondition failed = document.Match.FirstFailure(text, now, out _);
            documents.Add(failed == MatchCondition.None
                ? Applying(document, effects, isLogin, decision, now)
                : Header(document) with { Reason = ConditionText.WhyNot(document, failed, facts, text, now) });
            if (DocumentMatch.IsStepUp(failed) && effects.IsWellFormed)
                AfterLogin(document, effects, isLogin, decision);
        }

        Gate gate = set.Open(facts, now);
        (VerdictKind kind, string ruleId, string? hint, string reason) = isLogin ? decision.Login(set.Version) : decision.Action(effects, set.Version);
        return new PolicyExplanation
        {
            Verdict = kind,
            RuleId = ruleId,
            Hint = hint,
            Reason = reason,
            PolicyVersion = set.Version,
            PolicyDigest = set.Digest,
            Facts = ConditionText.Facts(facts, now),
            MaxBytes = kind == VerdictKind.Deny || isLogin ? 0 : gate.Judge(action).MaxBytes,
            Effects = Effects(effects, decision),
            Details = effects.IsWellFormed ? DetailProbe.List(effects.Details) : [],
            Documents = documents,
            Limits = gate.Limits,
            ValidUntil = gate.ValidUntil == DateTimeOffset.MaxValue ? null : gate.ValidUntil,
        };
    }

    private static DocumentExplanation Header(PolicyDocument document) =>
        new() { Id = document.Id, File = document.Mark.File, Line = document.Mark.Line, Applies = false, Conditions = ConditionText.Of(document) };

    private static DocumentExplanation Applying(PolicyDocument document, in ActionEffects effects, bool isLogin, Decision decision, DateTimeOffset now)
    {
        List<RuleExplanation> rules = [];
        foreach (PolicyRule rule in document.Rules)
        {
            RuleExplanation explained = effects.IsWellFormed ? Rule(rule, effects, isLogin, decision) : new RuleExplanation(rule.Id, rule.Effect, false, "the action is malformed");
            rules.Add(rule.Approval is ApprovalTerms terms ? explained with { Approval = ApprovalText.Describe(terms, now) } : explained);
        }

        return Header(document) with
        {
            Applies = true,
            Rules = rules,
            Masks = [.. document.Masks.Select(m => $"{m.Id}: {Word(m.Strategy)} on {string.Join(", ", m.Columns.Select(c => c.Text).Concat(m.Detect).Concat(m.Fields?.Texts ?? []))}")],
        };
    }

    private static RuleExplanation Rule(PolicyRule rule, in ActionEffects effects, bool isLogin, Decision decision)
    {
        if (isLogin && rule.Effect != VerdictKind.Deny)
        {
            decision.CouldGrant(rule);
            return new RuleExplanation(rule.Id, rule.Effect, true, "could let a later action through");
        }

        RuleProbe.Step furthest = RuleProbe.Step.Action;
        string reason = "";
        for (int i = 0; i < effects.Count; i++)
        {
            RuleProbe.Step step = RuleProbe.Ask(rule, effects, i, grant: rule.Effect == VerdictKind.Allow, out string because);
            if (reason.Length == 0 || step > furthest)
                (furthest, reason) = (step, because);
            // A hold rule stops widely and grants narrowly, and only what it stops.
            bool matched = step == RuleProbe.Step.Matched;
            bool grants = rule.Effect == VerdictKind.Allow
                ? matched
                : rule.Effect == VerdictKind.Hold && matched && RuleProbe.Ask(rule, effects, i, grant: true, out _) == RuleProbe.Step.Matched;
            if (matched)
                decision.Matched(rule, because);
            if (grants)
                decision.Grants(rule, i);
        }

        return new RuleExplanation(rule.Id, rule.Effect, furthest == RuleProbe.Step.Matched, reason);
    }

    // A document that applies but for the login: what it would deny or grant.
    private static void AfterLogin(PolicyDocument document, in ActionEffects effects, bool isLogin, Decision decision)
    {
        foreach (PolicyRule rule in document.Rules)
        {
            bool grants = rule.Effect != VerdictKind.Deny;
            if (grants && isLogin)
                decision.CouldGrantLater(document, rule);
            for (int i = 0; i < effects.Count; i++)
            {
                bool stops = rule.Effect == VerdictKind.Allow || RuleProbe.Ask(rule, effects, i, grant: false, out _) == RuleProbe.Step.Matched;
                if (!grants && stops)
                    decision.DeniesLater();
                else if (grants && stops && RuleProbe.Ask(rule, effects, i, grant: true, out _) == RuleProbe.Step.Matched)
                    decision.GrantsLater(document, rule, i);
            }
        }
    }

    private static EffectExplanation[] Effects(in ActionEffects effects, Decision decision)
    {
        EffectExplanation[] all = new EffectExplanation[effects.IsWellFormed ? effects.Count : 0];
        for (int i = 0; i < all.Length; i++)
            all[i] = new EffectExplanation(RuleProbe.Describe(effects[i], effects.Names), decision.GrantOf(effects.NeedsGrant(effects[i]) ? i : 0));
        return all;
    }

    private static string Word(MaskStrategy strategy) => MaskStrategies.Words.First(w => w.Value == strategy).Key;
}
