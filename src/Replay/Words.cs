using System.Text;
using Sallyport.Contract;
using Sallyport.Recording;

namespace Sallyport.Replay;

/// <summary>The contract's words as people and JSON read them.</summary>
internal static class Words
{
    public static string Kind(IdentityKind kind) => kind switch
    {
        IdentityKind.Human => "human",
        IdentityKind.Agent => "agent",
        IdentityKind.Service => "service",
        _ => $"kind-{(byte)kind}",
    };

    /// <summary><c>target/resource</c>, or the target alone.</summary>
    public static string Target(SessionFacts facts) => facts.Resource.Length == 0 ? facts.Target : $"{facts.Target}/{facts.Resource}";

    /// <summary>As policy documents write it.</summary>
    public static string Kebab<T>(T value) where T : struct, Enum
    {
        var text = new StringBuilder();
        foreach (char letter in value.ToString())
        {
            if (char.IsUpper(letter) && text.Length > 0 && text[^1] is not (' ' or ','))
                text.Append('-');
            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }

    public static string Verdict(VerdictKind kind) => kind switch
    {
        VerdictKind.Allow => "allow",
        VerdictKind.Hold => "hold",
        _ => "deny",
    };

    /// <summary>What the action does: <c>update shop.cards</c>.</summary>
    public static string Effects(DecisionRecord decision)
    {
        string flags = decision.Flags.HasFlag(ActionFlags.Unparsed) ? " (not understood)" : "";
        // Details of a request are no effects.
        DecisionObject[] objects = [.. decision.Objects.Where(item => item.Verb != Verb.HttpDetail)];
        string effects = objects.Length == 0
            ? Kebab(decision.Verb)
            : string.Join(", ", objects.Take(8).Select(Effect)) + (objects.Length > 8 || decision.ObjectsTruncated ? ", …" : "");
        return effects + flags;
    }

    private static string Effect(DecisionObject item) =>
        $"{Kebab(item.Verb)}{(item.Name.Length > 0 ? " " : "")}{Name(item)}{(item.Flags.HasFlag(ObjectFlags.WhereAbsent) ? " without WHERE" : "")}{(item.Flags.HasFlag(ObjectFlags.Below) ? " and below" : "")}";

    // The words of a command stand behind zero bytes; a word with a blank in it is quoted so that it reads as one. So do an object's namespace and name.
    private static string Name(DecisionObject item) => item.Verb is >= Verb.KubeGet and <= Verb.KubeConnect ? item.Name.Replace('\0', ' ').TrimEnd()
        : item.Verb is not (Verb.Exec or Verb.TerminalCommand) ? item.Name
        : string.Join(' ', item.Name.Split('\0').Select(word => word.Length == 0 || word.Contains(' ', StringComparison.Ordinal) ? $"'{word}'" : word));
}
