namespace Sallyport.Protocols.Http2;

/// <summary>Walks over the parameters of a query (<c>name=value</c>, parted by <c>&amp;</c>), as they were sent: nothing is decoded.</summary>
internal ref struct QueryReader(ReadOnlySpan<byte> query)
{
    private ReadOnlySpan<byte> _rest = query;

    /// <summary>The parameter that was taken last, as it was sent.</summary>
    public ReadOnlySpan<byte> Pair { get; private set; } = default;

    /// <summary>The query of a request target (RFC 9112 3.2), without the question mark.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> target, out ReadOnlySpan<byte> path)
    {
        int mark = target.IndexOf((byte)'?');
        path = mark < 0 ? target : target[..mark];
        return mark < 0 ? [] : target[(mark + 1)..];
    }

    /// <summary>Takes the next parameter; empty ones are passed over.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryNext(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        while (!_rest.IsEmpty)
        {
            int end = _rest.IndexOf((byte)'&');
            ReadOnlySpan<byte> pair = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? [] : _rest[(end + 1)..];
            if (pair.IsEmpty)
                continue;
            Pair = pair;
            int equals = pair.IndexOf((byte)'=');
            name = equals < 0 ? pair : pair[..equals];
            value = equals < 0 ? [] : pair[(equals + 1)..];
            return true;
        }

        name = value = default;
        return false;
    }
}
