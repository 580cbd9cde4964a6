using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// Packets of one direction, out of the buffer they were received into: authenticated and decrypted in place. One owner.
/// </summary>
/// <remarks>A payload that was handed out stays where it is until the next <see cref="ReceiveAsync"/>.</remarks>
internal sealed class SshReceiver(PipeReader input, SshFaults faults) : IDisposable
{
    private const int None = -1;

    private SshCipher _cipher = new SshNoCipher();
    private SshInflater? _inflater;
    private ReadOnlySequence<byte> _buffer;
    private Memory<byte> _rest;
    private bool _hasResult;
    private bool _compressed;
    private int _length = None;

    /// <summary>The sequence number of the next packet (RFC 4253 6.4).</summary>
    public uint Sequence { get; private set; }

    /// <summary>Packets and bytes under the present keys.</summary>
    public long Packets { get; private set; }

    public long Bytes { get; private set; }

    public long BytesPerKey => _cipher.BytesPerKey;

    /// <summary>Why <see cref="TryTake"/> said Malformed.</summary>
    public SshEndException? Fault { get; private set; }

    /// <summary>The next packet's payload, at least one byte.</summary>
    public ParseStatus TryTake(out Memory<byte> payload)
    {
        payload = default;
        if (Fault is not null)
            return ParseStatus.Malformed;
        if (_length == None)
        {
            if (_rest.Length < _cipher.HeadSize)
                return ParseStatus.NeedMore;
            uint length = _cipher.ReadLength(Sequence, _rest.Span[.._cipher.HeadSize]);
            if (!IsLength(length))
                return Malformed(faults.Violation("packet length"));
            _length = (int)length;
        }

        int size = sizeof(uint) + _length + _cipher.TagSize;
        if (_rest.Length < size)
            return ParseStatus.NeedMore;
        Memory<byte> packet = _rest[..size];
        if (!_cipher.TryOpen(Sequence, packet.Span))
            return Malformed(faults.Violation("corrupted packet", SshDisconnectReason.MacError));

        int padding = packet.Span[sizeof(uint)];
        if (padding < SshPacket.MinPadding || padding + 1 >= _length)
            return Malformed(faults.Violation("padding"));

        payload = packet.Slice(SshPacket.HeaderSize, _length - 1 - padding);
        _rest = _rest[size..];
        _length = None;
        Sequence++;
        Packets++;
        Bytes += size;
        if (_inflater is not null && !_inflater.TryInflate(payload, out payload))
            return Malformed(faults.Violation("compressed data", SshDisconnectReason.CompressionError));
        return ParseStatus.Done;
    }

    /// <summary>A line up to LF, without CR LF; Malformed when there is none within <paramref name="longest"/> bytes.</summary>
    public ParseStatus TryTakeLine(int longest, out ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> rest = _rest.Span;
        line = rest[..Math.Min(rest.Length, longest)];
        int end = line.IndexOf((byte)'\n');
        if (end < 0)
            return rest.Length >= longest ? ParseStatus.Malformed : ParseStatus.NeedMore;
        line = rest[..end];
        if (line.EndsWith("\r"u8))
            line = line[..^1];
        _rest = _rest[(end + 1)..];
        return ParseStatus.Done;
    }

    /// <summary>Receives more; what was handed out is given back.</summary>
    /// <returns>How it went; Cancelled: somebody ended the wait.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SshReceived> ReceiveAsync()
    {
        int had = _rest.Length;
        if (_hasResult)
            input.AdvanceTo(_buffer.GetPosition(_buffer.Length - had), _buffer.End);
        _hasResult = false;
        ReadResult result = await input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        if (!result.Buffer.IsSingleSegment)
            throw new InvalidOperationException("The reader of a duplex gives single segments.");
        _buffer = result.Buffer;
        _rest = MemoryMarshal.AsMemory(_buffer.First);
        _hasResult = true;
        if (result.IsCanceled)
            return SshReceived.Cancelled;
        return result.IsCompleted && _rest.Length == had ? SshReceived.Ended : SshReceived.More;
    }

    /// <summary>SSH_MSG_NEWKEYS has been received.</summary>
    /// <param name="compressed">zlib@openssh.com was agreed: from here on, or from the login's end when that has not come yet.</param>
    public void NewKeys(SshCipher cipher, bool compressed, bool resetSequence)
    {
        _cipher.Dispose();
        _cipher = cipher;
        Packets = 0;
        Bytes = 0;
        if (resetSequence)
            Sequence = 0;
        _compressed = compressed;
        Decompress();
    }

    /// <summary>The login has ended: what comes from here on is compressed, if that was agreed.</summary>
    public void Authenticated() => Decompress();

    public void Dispose()
    {
        _cipher.Dispose();
        _inflater?.Dispose();
    }

    private void Decompress()
    {
        _inflater?.Dispose();
        _inflater = _compressed && faults.Authenticated ? new SshInflater() : null;
    }

    private bool IsLength(uint length)
    {
        int most = faults.Authenticated ? SshPacket.MaxLength : SshPacket.MaxLengthBeforeLogin;
        // RFC 4253 6 wants 16 bytes at least; under chacha20-poly1305 OpenSSH sends NEWKEYS in 12.
        if (length > most || length < 1 + SshPacket.MinPadding + 1)
            return false;
        return (length + (_cipher.LengthIsApart ? 0 : sizeof(uint))) % _cipher.BlockSize == 0;
    }

    private ParseStatus Malformed(SshEndException fault)
    {
        Fault = fault;
        return ParseStatus.Malformed;
    }
}

/// <summary>How a wait for the peer's bytes ended.</summary>
internal enum SshReceived : byte
{
    More,
    Ended,
    Cancelled,
}
