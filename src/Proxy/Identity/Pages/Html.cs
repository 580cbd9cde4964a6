using System.Text;
using System.Text.Encodings.Web;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>
/// Writes HTML that cannot forget to encode: names of elements and attributes are ours and checked, everything else is encoded, and there
/// is no way to write markup that somebody else made.
/// </summary>
internal sealed class Html
{
    private readonly StringBuilder _text = new("<!DOCTYPE html>\n", 4096);
    private readonly Stack<string> _open = new();

    /// <summary>An element with content, which <paramref name="content"/> writes.</summary>
    public Html Element(string name, Action<Html> content, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes);
        _open.Push(name);
        content(this);
        _text.Append("</").Append(_open.Pop()).Append('>');
        return this;
    }

    /// <summary>An element with a text.</summary>
    public Html Element(string name, string text, params ReadOnlySpan<(string Name, string? Value)> attributes) => Element(name, html => html.Text(text), attributes);

    /// <summary>An element that has no content (<c>input</c>, <c>meta</c>, <c>link</c>).</summary>
    public Html Empty(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(name, attributes);
        return this;
    }

    /// <summary>A text.</summary>
    public Html Text(string? text)
    {
        _text.Append(HtmlEncoder.Default.Encode(text ?? ""));
        return this;
    }

    /// <summary>The document; every element is closed.</summary>
    public override string ToString() => _text.ToString();

    /// <summary>An attribute without a value is left out.</summary>
    private void Start(string name, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        _text.Append('<').Append(Checked(name));
        foreach ((string attribute, string? value) in attributes)
        {
            if (value is null)
                continue;
            if (attribute.StartsWith("on", StringComparison.OrdinalIgnoreCase) || (attribute is "href" or "action" && !IsAddress(value)))
                throw new ArgumentException($"{attribute} must not be written.", nameof(attributes));
            _text.Append(' ').Append(Checked(attribute)).Append("=\"").Append(HtmlEncoder.Default.Encode(value)).Append('"');
        }

        _text.Append('>');
    }

    /// <summary>A path of ours: encoding alone does not stop <c>javascript:</c>.</summary>
    private static bool IsAddress(string value) => ReturnTo.IsOwn(value);

    private static string Checked(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-') ? name : throw new ArgumentException("not a name", nameof(name));
}
