using System.Globalization;
using System.Text;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Texts that become part of an identity.</summary>
internal static class SamlText
{
    /// <summary>True when it holds nothing that screens do not show: it ends up in logs, in prompts and in policy.</summary>
    public static bool IsVisible(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune) || rune == Rune.ReplacementChar
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                return false;
        }

        return true;
    }
}
