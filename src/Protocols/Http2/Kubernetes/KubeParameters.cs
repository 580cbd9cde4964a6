using System.Text;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>Parameters of requests to an API server that rules can look at, by the names that rules give them.</summary>
internal static class KubeParameters
{
    private static readonly (byte[] Parameter, byte[] Attribute)[] Attributes =
    [
        .. new[]
        {
            ("dryRun", "dry-run"), ("fieldManager", "field-manager"), ("force", "force"), ("fieldSelector", "field-selector"), ("labelSelector", "label-selector"),
            ("propagationPolicy", "propagation-policy"), ("gracePeriodSeconds", "grace-period"), ("resourceVersion", "resource-version"), ("container", "container"),
            ("stdin", "stdin"), ("tty", "tty"), ("follow", "follow"), ("previous", "previous"),
        }.Select(p => (Encoding.ASCII.GetBytes(p.Item1), Encoding.ASCII.GetBytes(p.Item2))),
    ];

    // Written in one way: an API server takes "1", "yes" and nothing at all for "true".
    private static readonly byte[][] Booleans = [.. new[] { "force", "stdin", "tty", "follow", "previous" }.Select(Encoding.ASCII.GetBytes)];

    /// <summary>The value of an attribute, as rules look at it.</summary>
    /// <param name="value">Decoded.</param>
    public static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value)
    {
        foreach (byte[] boolean in Booleans)
        {
            if (attribute.SequenceEqual(boolean))
                return KubeQuery.IsTrue(value) ? "true"u8 : "false"u8;
        }

        return value;
    }

    /// <summary>The attribute of a parameter; empty: rules do not look at it.</summary>
    public static ReadOnlySpan<byte> AttributeOf(ReadOnlySpan<byte> parameter)
    {
        foreach ((byte[] name, byte[] attribute) in Attributes)
        {
            if (parameter.SequenceEqual(name))
                return attribute;
        }

        return default;
    }

    /// <summary>How a patch of this media type is applied; the type itself when it is none that is known.</summary>
    public static ReadOnlySpan<byte> PatchType(ReadOnlySpan<byte> type) =>
        Ascii.EqualsIgnoreCase(type, "application/json-patch+json"u8) ? "json"u8
        : Ascii.EqualsIgnoreCase(type, "application/merge-patch+json"u8) ? "merge"u8
        : Ascii.EqualsIgnoreCase(type, "application/strategic-merge-patch+json"u8) ? "strategic-merge"u8
        : Ascii.EqualsIgnoreCase(type, "application/apply-patch+yaml"u8) || Ascii.EqualsIgnoreCase(type, "application/apply-patch+cbor"u8) ? "apply"u8
        : type;
}
