namespace Sallyport.Wire.Tests.Rig;

/// <summary>Policy documents of the tests.</summary>
internal static class Policies
{
    /// <summary>Everything but what <c>no-drop</c> denies and <c>ask-first</c> holds; not the target <c>vault</c>.</summary>
    public const string Open = """
        policy: open
        match: {targets: [shop, tls-shop, weak-shop]}
        rules:
          - {id: enter, effect: allow, verbs: [login]}
          - {id: all, effect: allow, verbs: [all]}
          - {id: unparsed, effect: allow, verbs: [all], unparsed: true}
          - {id: truncated, effect: allow, verbs: [all], truncated: true}
          - {id: no-drop, effect: deny, verbs: [drop], hint: Ask the DBA.}
          - {id: ask-first, effect: hold, verbs: [truncate]}
        """;

    /// <summary><see cref="Open"/>, and masks on a column of text and one of another type.</summary>
    public const string Masked = Open + """

        mask:
          - {id: email, columns: [public.customers.email, public.late.email], with: redact}
          - {id: card, columns: [public.customers.card], with: last4}
        """;

    /// <summary>What <see cref="Open"/> was, reloaded without SELECT.</summary>
    public const string NoSelect = Open + """

          - {id: no-select, effect: deny, verbs: [select]}
        """;
}
