namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>The head of a message's body; the rest is let go.</summary>
internal sealed class PgTranscriptHead
{
    private const int KeepBuffer = 64 << 10;

    private byte[] _bytes = [];
    private int _count;
    private int _max;

    /// <summary>True when there was more than was kept.</summary>
    public bool Truncated { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _count);

    public void Reset(int max)
    {
        _max = max;
        _count = 0;
        Truncated = false;
        if (_bytes.Length > KeepBuffer)
            _bytes = [];
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        int take = Math.Min(bytes.Length, _max - _count);
        Truncated |= take < bytes.Length;

        // Grows with what arrives, never with what a length field promises.
        if (_bytes.Length < _count + take)
            Array.Resize(ref _bytes, Math.Max(_count + take, Math.Min(_max, Math.Max(256, _bytes.Length * 2))));
        bytes[..take].CopyTo(_bytes.AsSpan(_count));
        _count += take;
    }
}
