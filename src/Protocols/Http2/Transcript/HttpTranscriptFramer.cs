using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>Cuts one direction into its messages. Bytes of bodies and tunnels go on as they come; other messages are put together first.</summary>
internal sealed class HttpTranscriptFramer(HttpTranscriptLimits limits, HttpTranscriptReader reader, Direction direction)
{
    private const int Lead = 4 + 1 + 4;

    // Bytes of data go on at once, so their number costs nothing; a length beyond this is no length.
    private const uint MostData = 64 << 20;

    private readonly byte[] _lead = new byte[Lead + 1];
    private byte[] _message = [];
    private int _leadKept;
    private int _kept;
    private int _left;

    /// <summary>Bytes before the message that is being read.</summary>
    public long Offset { get; private set; }

    /// <summary>Why nothing more can be read; null as long as it can.</summary>
    public string? Violation { get; private set; }

    public bool AtBoundary => _leadKept == 0;

    private TapeKind Kind => (TapeKind)_lead[4];

    private uint Length => BinaryPrimitives.ReadUInt32BigEndian(_lead);

    private uint Exchange => BinaryPrimitives.ReadUInt32BigEndian(_lead.AsSpan(5));

    /// <summary>Of a tunnel's message the channel belongs to what stands before the data.</summary>
    private int LeadLength => _leadKept >= 5 && Kind == TapeKind.Tunnel ? Lead + 1 : Lead;

    public void Feed(ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        while (Violation is null && (bytes.Length > 0 || IsWhole))
        {
            if (_leadKept < LeadLength)
                ReadLead(ref bytes);
            else if (Kind is TapeKind.Data or TapeKind.Tunnel)
                Pass(ref bytes, time);
            else
                Collect(ref bytes, time);
        }
    }

    private bool IsWhole => _leadKept >= Lead && _leadKept == LeadLength && _left == 0;

    private void ReadLead(ref ReadOnlySpan<byte> bytes)
    {
        _lead[_leadKept++] = bytes[0];
        bytes = bytes[1..];
        if (_leadKept == 5 && Kind is < TapeKind.Head or > TapeKind.Judging)
            Violation = $"a message of kind {_lead[4]}, which is never recorded";
        if (_leadKept < LeadLength)
            return;
        bool isData = Kind is TapeKind.Data or TapeKind.Tunnel;
        uint least = (uint)LeadLength - 4;
        if (Length < least || Length - least > (isData ? MostData : (uint)limits.MessageBytes))
        {
            Violation = $"a message of {Length} bytes";
            return;
        }

        _left = (int)(Length - least);
        _kept = 0;
    }

    private void Pass(ref ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        ReadOnlySpan<byte> piece = bytes[..Math.Min(bytes.Length, _left)];
        bytes = bytes[piece.Length..];
        _left -= piece.Length;
        if (!piece.IsEmpty && Kind == TapeKind.Data)
            reader.Body(Exchange, direction, piece, time);
        else if (!piece.IsEmpty)
            reader.Tunnel(Exchange, _lead[Lead], direction, piece, time);
        if (_left == 0)
            Next();
    }

    private void Collect(ref ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        int take = Math.Min(bytes.Length, _left);
        // Grows with what has come, never with what a length claims.
        if (_message.Length < _kept + take)
            Array.Resize(ref _message, Math.Max(_kept + take, Math.Min(_message.Length * 2, limits.MessageBytes)));
        bytes[..take].CopyTo(_message.AsSpan(_kept));
        bytes = bytes[take..];
        _kept += take;
        _left -= take;
        if (_left > 0)
            return;
        if (reader.Message(Kind, Exchange, _message.AsSpan(0, _kept), direction, time) is { } fault)
            reader.Add(new HttpMalformedEntry(time, direction, Offset, fault, Stopped: false));
        Next();
    }

    private void Next()
    {
        Offset += 4 + Length;
        _leadKept = 0;
    }
}
