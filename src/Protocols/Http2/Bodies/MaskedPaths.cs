using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>What is done to the value at one path.</summary>
/// <param name="Mask">Null: it is shown, but for what detectors find.</param>
/// <param name="IsBase64">Its text is base64, and must stay so.</param>
/// <param name="IsDocument">Its text is JSON of its own: the object as it was last applied.</param>
internal readonly record struct PathMask(IFieldMask? Mask, bool IsBase64, bool IsDocument)
{
    public bool IsMasked => Mask is not null;
}

/// <summary>
/// Which paths of an answer are masked. Objects come alone, in lists (<c>items[*]</c>), in events of a watch (<c>object</c>) and in rows of a table
/// (<c>rows[*].object</c>): a path is looked up as it is and without what it stands in, and any mask counts.
/// </summary>
internal sealed class MaskedPaths
{
    private static readonly byte[][] Wrappers = [.. new[] { "items[*].", "rows[*].object.", "object." }.Select(Encoding.ASCII.GetBytes)];

    /// <summary>Watched tables of lists: no answer nests them deeper.</summary>
    private const int MostWrappers = 3;

    private readonly MaskPlan? _fields;
    private readonly byte[][] _base64;

    /// <param name="fields">What is masked by path; null: nothing.</param>
    /// <param name="base64">Beginnings of paths whose texts are base64.</param>
    public MaskedPaths(MaskPlan? fields, params string[] base64)
    {
        _fields = fields;
        _base64 = [.. base64.Select(Encoding.ASCII.GetBytes)];
    }

    /// <summary>Cells of tables are masked whatever they show: they have no paths.</summary>
    public bool MasksCells { get; init; }

    /// <summary>Texts that may quote the object are masked: those of an API server's refusal.</summary>
    public bool MasksMessages { get; init; }

    /// <summary>The mask of a path.</summary>
    public PathMask Find(ReadOnlySpan<byte> path)
    {
        if (MasksCells && path.EndsWith("rows[*].cells[*]"u8))
            return new PathMask(_fields?.Computed ?? NoValue.Instance, false, false);
        if (MasksMessages && (path.SequenceEqual("message"u8) || path.SequenceEqual("details.causes[*].message"u8)))
            return new PathMask(NoMessage.Instance, false, false);
        IFieldMask? mask = null;
        bool isBase64 = false;
        bool isDocument = false;
        for (int i = 0; i <= MostWrappers && !path.IsEmpty; i++)
        {
            mask ??= _fields?.Find(path);
            isBase64 |= IsBase64(path);
            isDocument |= _fields is not null && path.SequenceEqual("metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]"u8);
            if (!TryUnwrap(ref path))
                break;
        }

        return new PathMask(mask, isBase64, isDocument);
    }

    private static bool TryUnwrap(ref ReadOnlySpan<byte> path)
    {
        foreach (byte[] wrapper in Wrappers)
        {
            if (!path.StartsWith(wrapper))
                continue;
            path = path[wrapper.Length..];
            return true;
        }

        return false;
    }

    private bool IsBase64(ReadOnlySpan<byte> path)
    {
        foreach (byte[] start in _base64)
        {
            if (path.Length > start.Length && path.StartsWith(start) && path[start.Length] is (byte)'.' or (byte)'[')
                return true;
        }

        return false;
    }
}
