namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>What groups, versions, resources and namespaces look like: lower-case labels (RFC 1123 2.1). Everything else is no such thing, or is meant to be taken for one.</summary>
internal static class KubeNames
{
    /// <summary>True for subresources that carry bytes to and from a container, a service or a node.</summary>
    public static bool Connects(ReadOnlySpan<byte> subresource) =>
        subresource.SequenceEqual("exec"u8) || subresource.SequenceEqual("attach"u8) || subresource.SequenceEqual("portforward"u8) || subresource.SequenceEqual("proxy"u8);

    /// <summary>Looks at the words of a path.</summary>
    public static RequestProblem Check(ReadOnlySpan<byte> group, ReadOnlySpan<byte> version, ReadOnlySpan<byte> space, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> subresource)
    {
        bool good = IsWord(group, dots: true) && IsWord(version, dots: false) && IsWord(space, dots: false) && IsWord(resource, dots: false) && IsWord(subresource, dots: false);
        return good ? RequestProblem.None : RequestProblem.Character;
    }

    /// <summary>Looks at what follows the subresource.</summary>
    /// <param name="tail">As it was sent.</param>
    /// <param name="proxied">It is a path of somebody else's, where an encoded slash is no slash; but it must not lead up and out.</param>
    public static RequestProblem CheckTail(ReadOnlySpan<byte> tail, bool proxied)
    {
        int dots = 0;
        bool otherwise = false;
        // Hexadecimal digits behind an encoded percent sign: together they would be a second encoding.
        int digits = -1;
        for (int i = 0; i < tail.Length; i++)
        {
            byte c = tail[i];
            if (c == '%')
            {
                if (!PercentText.TryByte(tail, i, out c))
                    return RequestProblem.Encoding;
                i += 2;
                if (!proxied && c is (byte)'/' or (byte)'%')
                    return RequestProblem.EncodedSlash;
            }

            digits = digits >= 0 && char.IsAsciiHexDigit((char)c) ? digits + 1 : c == '%' ? 0 : -1;
            if (digits == 2)
                return RequestProblem.EncodedSlash;
            if (c is < 0x20 or 0x7F or (byte)'\\' or (byte)'#')
                return RequestProblem.Character;
            if (c is not ((byte)'/' or (byte)';'))
            {
                dots += c == '.' ? 1 : 0;
                otherwise |= c != '.';
                continue;
            }

            if (!otherwise && dots is 1 or 2)
                return RequestProblem.DotSegment;
            if (!proxied && i > 0 && tail[i - 1] == '/')
                return RequestProblem.EmptySegment;
            // What stands behind a semicolon is a parameter of the component (RFC 3986 3.3).
            (dots, otherwise) = (0, c == ';');
        }

        return !otherwise && dots is 1 or 2 ? RequestProblem.DotSegment : RequestProblem.None;
    }

    /// <summary>
    /// Splits the name of what is proxied to: <c>name</c>, <c>name:port</c> or <c>scheme:name:port</c>.
    /// </summary>
    /// <returns>False: it is none of these.</returns>
    public static bool TrySplit(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> port)
    {
        name = text;
        port = default;
        int first = text.IndexOf((byte)':');
        if (first < 0)
            return !text.IsEmpty;
        int second = text[(first + 1)..].IndexOf((byte)':');
        if (second < 0)
        {
            name = first == 0 ? text : text[..first];
            port = first == 0 ? default : text[(first + 1)..];
            return first > 0;
        }

        second += first + 1;
        ReadOnlySpan<byte> scheme = text[..first];
        bool known = scheme.IsEmpty || scheme.SequenceEqual("http"u8) || scheme.SequenceEqual("https"u8);
        if (!known || second == first + 1 || text[(second + 1)..].Contains((byte)':'))
            return false;
        name = text[(first + 1)..second];
        port = text[(second + 1)..];
        return true;
    }

    private static bool IsWord(ReadOnlySpan<byte> text, bool dots)
    {
        foreach (byte c in text)
        {
            bool good = c is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'-' or (byte)'_' || (dots && c == '.');
            if (!good)
                return false;
        }

        return true;
    }
}
