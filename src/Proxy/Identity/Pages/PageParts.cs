using System.Collections.Immutable;
using Sallyport.Proxy.Identity.Broker;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>Parts that pages share.</summary>
internal static class PageParts
{
    /// <summary>A field with its label; when something was wrong, it refers to the message.</summary>
    public static void Field(Html form, string name, string label, string type, string? value = null, string? autocomplete = null, bool wrong = false, bool first = false, string? hint = null)
    {
        form.Element("label", label, ("for", name));
        if (hint is not null)
            form.Element("p", hint, ("id", name + "-hint"), ("class", "hint"));
        string? described = (wrong, hint) switch
        {
            (true, null) => "error",
            (true, _) => $"error {name}-hint",
            (false, null) => null,
            _ => name + "-hint",
        };
        form.Empty(
            "input",
            ("id", name), ("name", name), ("type", type), ("value", value), ("autocomplete", autocomplete), ("required", ""), ("maxlength", "256"),
            ("autofocus", first ? "" : null), ("aria-invalid", wrong ? "true" : null), ("aria-describedby", described), ("autocapitalize", "none"), ("spellcheck", "false"));
    }

    public static void Hidden(Html form, string name, string? value)
    {
        if (value is not null)
            form.Empty("input", ("type", "hidden"), ("name", name), ("value", value));
    }

    public static void Button(Html form, string text, string? name = null, string? value = null) =>
        form.Element("button", text, ("type", "submit"), ("name", name), ("value", value));

    /// <summary>A line of a list of facts.</summary>
    public static void Fact(Html list, string name, string value) => list.Element("dt", name).Element("dd", value);

    /// <summary>What scopes mean, for a person.</summary>
    public static string Scopes(ImmutableArray<string> scopes)
    {
        List<string> meanings = [];
        if (scopes.Contains(BrokerClients.DataScope))
            meanings.Add("connect to targets in your name");
        if (scopes.Contains(BrokerClients.AdminScope))
            meanings.Add("use the admin API in your name");
        if (scopes.Contains("offline_access"))
            meanings.Add("stay signed in without asking you again");
        return meanings.Count == 0 ? "know who you are" : string.Join(", ", meanings);
    }
}
