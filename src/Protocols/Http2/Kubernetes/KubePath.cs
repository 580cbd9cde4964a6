using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>The first components of a path to an API server, decoded. A view over the path and the space it was decoded into.</summary>
internal ref struct KubePath
{
    /// <summary>As many as can say what a request is about: <c>apis/GROUP/VERSION/watch/namespaces/NAMESPACE/RESOURCE/NAME/SUBRESOURCE</c>.</summary>
    public const int Most = 9;

    private readonly ReadOnlySpan<byte> _path;
    private readonly ReadOnlySpan<byte> _decoded;
    private Segments _segments;

    /// <param name="path">From the first slash on, without the query.</param>
    /// <param name="scratch">At least as long.</param>
    public KubePath(ReadOnlySpan<byte> path, Span<byte> scratch)
    {
        _path = path;
        _decoded = scratch;
        int used = 0;
        // A slash at the end means nothing to the API server.
        int length = path.Length > 1 && path[^1] == '/' ? path.Length - 1 : path.Length;
        for (int at = 1; at < length && Count < Most; Count++)
        {
            int slash = path[at..length].IndexOf((byte)'/');
            int end = slash < 0 ? length : at + slash;
            _segments[Count] = Decode(path[at..end], at, scratch, ref used);
            at = end + 1;
            // A slash before the one at the end.
            if (slash >= 0 && at == length)
                MarkLast();
        }
    }

    /// <summary>Components, at most <see cref="Most"/>.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            Segment segment = _segments[index];
            return (segment.IsDecoded ? _decoded : _path).Slice(segment.Start, segment.Length);
        }
    }

    /// <summary>What is wrong with a component.</summary>
    public readonly RequestProblem Problem(int index) => _segments[index].Problem;

    /// <summary>What follows a component, as it was sent, its slash included.</summary>
    public readonly ReadOnlySpan<byte> After(int index) => _path[_segments[index].End..];

    private void MarkLast() => _segments[Count] = _segments[Count] with { Problem = RequestProblem.EmptySegment };

    private static Segment Decode(ReadOnlySpan<byte> text, int at, Span<byte> scratch, ref int used)
    {
        RequestProblem problem = text.IsEmpty ? RequestProblem.EmptySegment : RequestProblem.None;
        int end = at + text.Length;
        int start = used;
        for (int i = 0; i < text.Length && problem == RequestProblem.None; i++)
        {
            byte c = text[i];
            bool encoded = c == '%';
            if (encoded && !PercentText.TryByte(text, i, out c))
                problem = RequestProblem.Encoding;
            else if (encoded && c is ((byte)'/' or (byte)'\\' or (byte)'%'))
                problem = RequestProblem.EncodedSlash;
            else if (c is <= 0x20 or 0x7F or (byte)'\\' or (byte)';' or (byte)'#' or (byte)'?' || (!encoded && c >= 0x80))
                problem = RequestProblem.Character;
            i += encoded ? 2 : 0;
            scratch[used++] = c;
        }

        bool decoded = text.Contains((byte)'%');
        ReadOnlySpan<byte> value = scratch[start..used];
        if (problem == RequestProblem.None && (value.SequenceEqual("."u8) || value.SequenceEqual(".."u8)))
            problem = RequestProblem.DotSegment;
        if (problem == RequestProblem.None && !Utf8.IsValid(value))
            problem = RequestProblem.Encoding;
        int length = used - start;
        if (!decoded)
            used = start;
        return new Segment(decoded ? start : at, decoded ? length : text.Length, end, decoded, problem);
    }

    private readonly record struct Segment(int Start, int Length, int End, bool IsDecoded, RequestProblem Problem);

    [InlineArray(Most)]
    private struct Segments
    {
        private Segment _first;
    }
}
