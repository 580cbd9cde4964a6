using System.Buffers.Binary;

namespace Sallyport.Protocols.Ssh.Transcript;

/// <summary>
/// Cuts one recorded direction into messages, each behind its length. Of a message that is no data the head is kept until it is whole; data is told
/// piece by piece as it comes, so that no message is ever held.
/// </summary>
internal sealed class SshTranscriptFramer(SshTranscriptLimits limits, SshTranscriptReader reader, bool fromTarget)
{
    // byte type | uint32 channel | [uint32 data_type_code] | uint32 length
    private const int DataHead = 9;
    private const int ExtendedDataHead = 13;

    private readonly byte[] _head = new byte[limits.HeadBytes];
    private readonly byte[] _length = new byte[4];
    private int _kept;
    private int _lengthKept;
    private int _left;
    private bool _inMessage;

    /// <summary>Bytes before the message that is being read.</summary>
    public long Offset { get; private set; }

    /// <summary>Why nothing more can be read; null as long as it can.</summary>
    public string? Violation { get; private set; }

    public bool AtBoundary => !_inMessage && _lengthKept == 0;

    public void Feed(ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        while (bytes.Length > 0 && Violation is null)
        {
            if (!_inMessage)
                Length(ref bytes);
            else
                Body(ref bytes, time);
        }
    }

    private bool IsData => _kept > 0 && _head[0] is SshMessageNumber.ChannelData or SshMessageNumber.ChannelExtendedData;

    private int DataAt => _head[0] == SshMessageNumber.ChannelData ? DataHead : ExtendedDataHead;

    private void Length(ref ReadOnlySpan<byte> bytes)
    {
        _length[_lengthKept++] = bytes[0];
        bytes = bytes[1..];
        if (_lengthKept < _length.Length)
            return;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_length);
        if (length == 0 || length > (uint)limits.MessageBytes)
        {
            Violation = $"a message of {length} bytes";
            return;
        }

        (_left, _kept, _lengthKept, _inMessage) = ((int)length, 0, 0, true);
    }

    private void Body(ref ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        if (_kept == 0 && bytes[0] is < SshMessageNumber.GlobalRequest or > SshMessageNumber.ChannelFailure)
        {
            Violation = $"message {bytes[0]}, which is never recorded";
            return;
        }

        int most = _kept == 0 ? 1 : IsData ? DataAt : _head.Length;
        int take = Math.Min(Math.Min(bytes.Length, _left), Math.Max(most - _kept, 0));
        bytes[..take].CopyTo(_head.AsSpan(_kept));
        _kept += take;
        _left -= take;
        bytes = bytes[take..];

        if (_kept > 0 && IsData && _kept >= DataAt && !Data(ref bytes, time))
            return;
        if (_kept == _head.Length)
        {
            // The end of a text too long to be kept.
            int skip = Math.Min(bytes.Length, _left);
            _left -= skip;
            bytes = bytes[skip..];
        }

        if (_left > 0)
            return;
        if (!IsData || _kept < DataAt)
            reader.Message(_head.AsSpan(0, _kept), fromTarget, time);
        _inMessage = false;
        Offset += 4 + BinaryPrimitives.ReadUInt32BigEndian(_length);
    }

    private bool Data(ref ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        uint said = BinaryPrimitives.ReadUInt32BigEndian(_head.AsSpan(DataAt - 4));
        if (said != BinaryPrimitives.ReadUInt32BigEndian(_length) - DataAt)
        {
            Violation = "data that does not fill its message";
            return false;
        }

        ReadOnlySpan<byte> piece = bytes[..Math.Min(bytes.Length, _left)];
        if (piece.Length > 0)
            reader.Data(_head.AsSpan(0, DataAt), piece, fromTarget, time);
        _left -= piece.Length;
        bytes = bytes[piece.Length..];
        return true;
    }
}
