using System.Text;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Policy that people edit and the daemon's store keeps. It holds what a file holds: one document, or several.</summary>
/// <param name="Name">Its name, unique over all that is stored: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 64. Messages call it <c>store:NAME</c>.</param>
/// <param name="Yaml">Its text.</param>
public sealed record StoredDocument(string Name, string Yaml)
{
    // Half a surrogate pair, which is no text, becomes U+FFFD.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>All of them as sources, sorted by name. A name that is none, or is given twice, is an error.</summary>
    internal static IReadOnlyList<PolicySource> Sources(IReadOnlyList<StoredDocument> stored, DiagnosticBag bag)
    {
        if (stored.Count > PolicyLimits.Files)
        {
            bag.Error("store", $"There are more than {PolicyLimits.Files} stored policies.");
            return [];
        }

        List<PolicySource> sources = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (StoredDocument document in stored.OrderBy(d => d.Name, StringComparer.Ordinal))
        {
            if (!PolicyLimits.IsId(document.Name))
                bag.Error("store", $"\"{document.Name}\" is not a name for a stored policy: letters, digits, '-', '_' and '.', beginning with a letter or digit, at most {PolicyLimits.IdLength}.");
            else if (!names.Add(document.Name))
                bag.Error($"store:{document.Name}", "There are two stored policies of this name.");
            else
                sources.Add(new PolicySource($"store:{document.Name}", Utf8.GetBytes(document.Yaml)) { DigestName = $"store/{document.Name}" });
        }

        return sources;
    }
}
