using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>The refusal that another login would lift.</summary>
internal static class StepUp
{
    /// <summary>By <c>step-up/</c> and the document that would grant the action, with what that document asks for.</summary>
    public static Verdict Verdict(PolicyDocument document, int version)
    {
        string within = document.Conditions.TryGetValue(MatchCondition.AuthenticatedWithin, out string? length) ? $" within {length}" : "";
        string how = document.Conditions.TryGetValue(MatchCondition.Acr, out string? contexts) ? $" with acr {contexts}" : "";
        return new Verdict(VerdictKind.Deny, $"step-up/{document.Id}", version, $"Log in again: you must have authenticated{within}{how}.");
    }
}
