namespace Sallyport.Policy.Matching;

/// <summary>Walks over the components of a path as the system does: empty ones and <c>.</c> mean nothing.</summary>
internal static class PathComponents
{
    /// <summary>Takes the next component off the path.</summary>
    /// <returns>False when there is none.</returns>
    public static bool TryNext(ref ReadOnlySpan<byte> path, out ReadOnlySpan<byte> component)
    {
        while (!path.IsEmpty)
        {
            int slash = path.IndexOf((byte)'/');
            component = slash < 0 ? path : path[..slash];
            path = slash < 0 ? [] : path[(slash + 1)..];
            if (component.Length > 1 || component is [not (byte)'.'])
                return true;
        }

        component = default;
        return false;
    }

    /// <summary>Where the last <c>..</c> of a path ends; 0 when there is none.</summary>
    public static int EndOfLastParent(ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> rest = path;
        int end = 0;
        if (path.IndexOf(".."u8) < 0)
            return 0;
        while (TryNext(ref rest, out ReadOnlySpan<byte> component))
        {
            if (component.SequenceEqual(".."u8))
                end = path.Length - rest.Length;
        }

        return end;
    }

    /// <summary>True when no component is empty, <c>.</c> or <c>..</c>.</summary>
    public static bool IsNormalised(ReadOnlySpan<byte> path)
    {
        while (!path.IsEmpty)
        {
            int slash = path.IndexOf((byte)'/');
            ReadOnlySpan<byte> component = slash < 0 ? path : path[..slash];
            if (component.IsEmpty || component.SequenceEqual("."u8) || component.SequenceEqual(".."u8) || slash == path.Length - 1)
                return false;
            path = slash < 0 ? [] : path[(slash + 1)..];
        }

        return true;
    }

    /// <summary>The last component; the path itself when it has no slash.</summary>
    public static ReadOnlySpan<byte> Last(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];
}
