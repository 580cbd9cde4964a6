using System.Text;
using System.Text.Unicode;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>The parameters of a request to an API server (the options of meta/v1 and of the subresources of core/v1).</summary>
internal static class KubeQuery
{
    // Those that have one value. The server takes the first; whoever reads the last would see another request.
    private static readonly byte[][] Single =
    [
        .. new[]
        {
            "watch", "fieldSelector", "labelSelector", "resourceVersion", "resourceVersionMatch", "limit", "continue", "timeoutSeconds", "allowWatchBookmarks",
            "sendInitialEvents", "container", "stdin", "stdout", "stderr", "tty", "follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines",
            "limitBytes", "insecureSkipTLSVerifyBackend", "stream", "fieldManager", "fieldValidation", "force", "propagationPolicy", "gracePeriodSeconds",
            "orphanDependents", "pretty", "timeout", "ignoreStoreReadErrorWithClusterBreakingPotential",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    /// <summary>Looks for what could be read in more ways than one.</summary>
    /// <param name="query">Without its question mark.</param>
    /// <param name="scratch">At least as long as the query.</param>
    public static RequestProblem Check(ReadOnlySpan<byte> query, Span<byte> scratch)
    {
        ulong seen = 0;
        foreach (byte c in query)
        {
            if (c is (byte)';' or (byte)'#' or <= 0x20 or >= 0x7F)
                return RequestProblem.Query;
        }

        var reader = new QueryReader(query);
        while (reader.TryNext(out ReadOnlySpan<byte> rawName, out ReadOnlySpan<byte> rawValue))
        {
            if (!PercentText.TryDecodeForm(rawValue, scratch, out int length) || !Utf8.IsValid(scratch[..length]))
                return RequestProblem.Query;
            if (!PercentText.TryDecodeForm(rawName, scratch, out length))
                return RequestProblem.Query;
            int index = IndexOf(scratch[..length]);
            if (index < 0)
                continue;
            if ((seen & (1UL << index)) != 0)
                return RequestProblem.RepeatedParameter;
            seen |= 1UL << index;
        }

        return RequestProblem.None;
    }

    /// <summary>The value of the first parameter of this name, decoded.</summary>
    /// <param name="query">One that was checked.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="scratch">At least as long as the query; the value lies in it.</param>
    /// <param name="value">The value.</param>
    /// <returns>False when there is no such parameter.</returns>
    public static bool TryGet(ReadOnlySpan<byte> query, ReadOnlySpan<byte> name, Span<byte> scratch, out ReadOnlySpan<byte> value)
    {
        value = default;
        var reader = new QueryReader(query);
        while (reader.TryNext(out ReadOnlySpan<byte> rawName, out ReadOnlySpan<byte> rawValue))
        {
            if (!PercentText.TryDecodeForm(rawName, scratch, out int length) || !scratch[..length].SequenceEqual(name))
                continue;
            if (!PercentText.TryDecodeForm(rawValue, scratch, out length))
                return false;
            value = scratch[..length];
            return true;
        }

        return false;
    }

    /// <summary>False only for the words that the API server takes for no: an empty value, too, is a yes (k8s.io/apimachinery, Convert_Slice_string_To_bool).</summary>
    /// <param name="value">Decoded.</param>
    public static bool IsTrue(ReadOnlySpan<byte> value) =>
        !value.SequenceEqual("0"u8) && !Ascii.EqualsIgnoreCase(value, "false"u8) && !IsFolded(value);

    // A long s is an s without its case (strings.EqualFold of Go).
    private static bool IsFolded(ReadOnlySpan<byte> value) =>
        value.Length == 6 && Ascii.EqualsIgnoreCase(value[..3], "fal"u8) && value[3..5].SequenceEqual("\u017F"u8) && (value[5] | 0x20) == 'e';

    /// <summary>
    /// The object that a field selector asks for by <c>metadata.name</c>, if it does so plainly; empty otherwise. All terms must hold, so
    /// further ones can only narrow it.
    /// </summary>
    public static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> selector)
    {
        ReadOnlySpan<byte> name = default;
        // A backslash escapes: then a comma or an equals sign may be no separator.
        if (selector.Contains((byte)'\\'))
            return default;
        while (!selector.IsEmpty)
        {
            int comma = selector.IndexOf((byte)',');
            ReadOnlySpan<byte> term = comma < 0 ? selector : selector[..comma];
            selector = comma < 0 ? [] : selector[(comma + 1)..];
            int equals = term.IndexOf((byte)'=');
            if (equals <= 0)
                return default;
            if (term[equals - 1] == '!')
                continue;
            ReadOnlySpan<byte> value = term[(equals + 1)..];
            value = value is [(byte)'=', ..] ? value[1..] : value;
            if (!IsName(value) || value.Contains((byte)'='))
                return default;
            if (!term[..equals].SequenceEqual("metadata.name"u8))
                continue;
            if (!name.IsEmpty)
                return default;
            name = value;
        }

        return name;
    }

    private static bool IsName(ReadOnlySpan<byte> value)
    {
        foreach (byte c in value)
        {
            if (c is <= 0x20 or 0x7F or (byte)'/' or (byte)'%')
                return false;
        }

        return !value.SequenceEqual("."u8) && !value.SequenceEqual(".."u8);
    }

    private static int IndexOf(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < Single.Length; i++)
        {
            if (name.SequenceEqual(Single[i]))
                return i;
        }

        return -1;
    }
}
