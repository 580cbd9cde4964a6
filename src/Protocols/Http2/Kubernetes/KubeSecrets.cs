using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>What of an object that is sent is not shown to people who decide on it: the values of a Secret. What they decide on is bound by its digest all the same.</summary>
internal static class KubeSecrets
{
    /// <summary>In the place of a value.</summary>
    public static string Hidden { get; } = Encoding.ASCII.GetString(HttpSecrets.Blank);

    // The last has all of the object once more.
    private static readonly string[] Values =
        ["field:data", "field:stringData", "field:metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]"];

    /// <summary>Whether a request is about Secrets.</summary>
    public static bool AreIn(in ActionView action)
    {
        foreach (ref readonly ObjectRef effect in action.Objects)
        {
            ReadOnlySpan<byte> resource = effect.Verb is >= Verb.KubeGet and <= Verb.KubeConnect ? effect.Qualifier(action.Names) : default;
            if (resource.SequenceEqual("secrets"u8) || resource.StartsWith("secrets/"u8))
                return true;
        }

        return false;
    }

    /// <summary>Whether a detail of such a request has a value of the Secret.</summary>
    public static bool Has(string attribute)
    {
        foreach (string start in Values)
        {
            if (attribute.StartsWith(start, StringComparison.Ordinal) && (attribute.Length == start.Length || attribute[start.Length] is '.' or '['))
                return true;
        }

        return false;
    }
}
