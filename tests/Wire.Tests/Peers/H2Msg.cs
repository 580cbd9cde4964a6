using System.Buffers.Binary;
using System.Text;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>A frame as it came (RFC 9113 4.1).</summary>
internal sealed record H2Frame(H2FrameType Type, byte Flags, int Id, byte[] Payload)
{
    public bool EndsStream => Type is H2FrameType.DATA or H2FrameType.HEADERS && (Flags & H2Flags.END_STREAM) != 0;

    public bool IsAck => Type is H2FrameType.SETTINGS or H2FrameType.PING && (Flags & H2Flags.ACK) != 0;

    /// <summary>Of RST_STREAM.</summary>
    public H2ErrorCode ResetCode => (H2ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(Payload);

    /// <summary>Of GOAWAY.</summary>
    public H2ErrorCode GoAwayCode => (H2ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(Payload.AsSpan(4));

    /// <summary>Of GOAWAY.</summary>
    public int LastId => BinaryPrimitives.ReadInt32BigEndian(Payload);

    /// <summary>Of WINDOW_UPDATE.</summary>
    public long Increment => BinaryPrimitives.ReadUInt32BigEndian(Payload);

    public string Text => Encoding.Latin1.GetString(Payload);

    public override string ToString() => Type switch
    {
        H2FrameType.RST_STREAM => $"RST_STREAM {Id} {ResetCode}",
        H2FrameType.GOAWAY => $"GOAWAY {LastId} {GoAwayCode}",
        _ => $"{Type} {Id} flags {Flags:x2}, {Payload.Length} bytes",
    };
}

/// <summary>Frames of HTTP/2, right or wrong.</summary>
internal static class H2Msg
{
    public static byte[] Preface => H2FrameWriter.Preface.ToArray();

    public static byte[] Frame(H2FrameType type, byte flags, int id, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[H2FrameHeader.Size + payload.Length];
        new H2FrameHeader(payload.Length, type, flags, id).Write(frame);
        payload.CopyTo(frame.AsSpan(H2FrameHeader.Size));
        return frame;
    }

    public static byte[] Settings(params (int Id, uint Value)[] settings)
    {
        byte[] payload = new byte[settings.Length * 6];
        for (int i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(i * 6), (ushort)settings[i].Id);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(i * 6 + 2), settings[i].Value);
        }

        return Frame(H2FrameType.SETTINGS, 0, 0, payload);
    }

    public static byte[] SettingsAck() => Frame(H2FrameType.SETTINGS, H2Flags.ACK, 0, []);

    public static byte[] Ping(bool ack = false) => Frame(H2FrameType.PING, ack ? H2Flags.ACK : (byte)0, 0, "sallyport"u8[..8]);

    public static byte[] Data(int id, string text, bool end = false) => Data(id, Encoding.Latin1.GetBytes(text), end);

    public static byte[] Data(int id, ReadOnlySpan<byte> data, bool end = false) => Frame(H2FrameType.DATA, end ? H2Flags.END_STREAM : (byte)0, id, data);

    public static byte[] Reset(int id, H2ErrorCode code = H2ErrorCode.CANCEL) => Frame(H2FrameType.RST_STREAM, 0, id, Number((uint)code));

    public static byte[] WindowUpdate(int id, uint increment) => Frame(H2FrameType.WINDOW_UPDATE, 0, id, Number(increment));

    public static byte[] GoAway(int last, H2ErrorCode code = H2ErrorCode.NO_ERROR) => Frame(H2FrameType.GOAWAY, 0, 0, [.. Number((uint)last), .. Number((uint)code)]);

    public static byte[] Priority(int id, int on) => Frame(H2FrameType.PRIORITY, 0, id, [.. Number((uint)on), 16]);

    public static byte[] Headers(int id, bool end, params (string Name, string Value)[] fields) => HeadersOf(id, end, Block(fields));

    public static byte[] HeadersOf(int id, bool end, byte[] block) =>
        Frame(H2FrameType.HEADERS, (byte)(H2Flags.END_HEADERS | (end ? H2Flags.END_STREAM : 0)), id, block);

    /// <summary>A head without END_HEADERS: CONTINUATION is to follow.</summary>
    public static byte[] Begin(int id, bool end, byte[] block) => Frame(H2FrameType.HEADERS, end ? H2Flags.END_STREAM : (byte)0, id, block);

    public static byte[] Continuation(int id, byte[] block, bool last = true) => Frame(H2FrameType.CONTINUATION, last ? H2Flags.END_HEADERS : (byte)0, id, block);

    /// <summary>A request of alice's to the target <c>app</c>.</summary>
    public static byte[] Get(int id, string path = "/", bool end = true, params (string Name, string Value)[] more) => Headers(id, end, Request("GET", path, more));

    public static byte[] Post(int id, string path = "/", params (string Name, string Value)[] more) => Headers(id, false, Request("POST", path, more));

    public static (string Name, string Value)[] Request(string method, string path, params (string Name, string Value)[] more) =>
    [
        (":method", method), (":scheme", "http"), (":path", path), (":authority", "app.example"), ("authorization", $"Bearer {Rig.Doors.GoodToken}"), .. more,
    ];

    public static byte[] Response(int id, int status = 200, bool end = false, params (string Name, string Value)[] more) =>
        Headers(id, end, [(":status", status.ToString(System.Globalization.CultureInfo.InvariantCulture)), .. more]);

    /// <summary>Literals without indexing and without Huffman (RFC 7541 6.2.2): they say the same in every state of the table.</summary>
    public static byte[] Block(params (string Name, string Value)[] fields)
    {
        var block = new MemoryStream();
        foreach ((string name, string value) in fields)
        {
            block.WriteByte(0);
            Text(name);
            Text(value);
        }

        return block.ToArray();

        void Text(string text)
        {
            if (text.Length < 127)
            {
                block.WriteByte((byte)text.Length);
            }
            else
            {
                block.WriteByte(127);
                int rest = text.Length - 127;
                for (; rest >= 128; rest >>= 7)
                    block.WriteByte((byte)(rest % 128 + 128));
                block.WriteByte((byte)rest);
            }

            block.Write(Encoding.Latin1.GetBytes(text));
        }
    }

    private static byte[] Number(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
