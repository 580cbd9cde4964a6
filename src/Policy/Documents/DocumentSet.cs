using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Policy.Masking;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads all sources of a load together.</summary>
internal static class DocumentSet
{
    /// <summary>All documents of all sources. What is returned is of use only if the bag has no errors.</summary>
    public static IReadOnlyList<PolicyDocument> Read(IReadOnlyList<PolicySource> sources, DiagnosticBag bag, MaskStrategies strategies)
    {
        List<PolicyDocument> documents = [];
        Dictionary<string, YamlMark> ids = new(StringComparer.Ordinal);
        foreach (PolicySource source in sources)
        {
            foreach (YamlMap map in YamlReader.Read(source.Name, source.Content.Span, bag))
            {
                PolicyDocument document = new DocumentReader(bag, strategies).Read(map);
                documents.Add(document);
                if (document.Id.Length > 0 && !ids.TryAdd(document.Id, map.MarkOf("policy")))
                    map.Error("policy", $"\"{document.Id}\" is already the id of the document at {ids[document.Id].File}:{ids[document.Id].Line}.");
            }
        }

        if (documents.Count > PolicyLimits.Documents)
            bag.Error(documents[PolicyLimits.Documents].Mark, $"There are more than {PolicyLimits.Documents} documents.");
        int rules = documents.Sum(d => d.Rules.Count);
        if (rules > PolicyLimits.AllRules)
            bag.Error(documents[0].Mark, $"There are {rules} rules in all: at most {PolicyLimits.AllRules} are allowed.");
        return documents;
    }

    /// <summary>SHA-256 over each source's name and content, each with its length before it, so that no two sets look alike.</summary>
    public static string Digest(IEnumerable<PolicySource> sources)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (PolicySource source in sources)
        {
            Append(hash, Encoding.UTF8.GetBytes(source.DigestName));
            Append(hash, source.Content.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
