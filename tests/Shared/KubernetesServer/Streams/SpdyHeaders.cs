using System.Buffers.Binary;
using System.Text;
using Org.BouncyCastle.Utilities.Zlib;

namespace Sallyport.Shared.KubernetesServer.Streams;

/// <summary>Header blocks of SPDY/3.1 (2.6.10): pairs with 32-bit lengths, compressed by one zlib stream per direction of a connection.</summary>
internal sealed class SpdyHeaders
{
    private const int Largest = 1024 * 1024;

    private readonly ZStream _in = new();
    private readonly ZStream _out = new();

    public SpdyHeaders()
    {
        Check(_in.inflateInit());
        Check(_out.deflateInit(JZlib.Z_DEFAULT_COMPRESSION));
        Check(_out.deflateSetDictionary(SpdyDictionary.Bytes, SpdyDictionary.Bytes.Length));
    }

    /// <summary>Names, in lower case, and their values.</summary>
    public Dictionary<string, string> Decode(ReadOnlySpan<byte> compressed)
    {
        byte[] plain = Inflate(compressed.ToArray());
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        int at = 0;
        int pairs = Length(plain, ref at);
        for (int pair = 0; pair < pairs; pair++)
            headers[Text(plain, ref at)] = Text(plain, ref at);
        return headers;
    }

    /// <summary>The compressed block of some pairs.</summary>
    public byte[] Encode(params (string Name, string Value)[] headers)
    {
        using var plain = new MemoryStream();
        Length(plain, headers.Length);
        foreach ((string name, string value) in headers)
        {
            Text(plain, name);
            Text(plain, value);
        }

        return Deflate(plain.ToArray());
    }

    private byte[] Inflate(byte[] compressed)
    {
        byte[] buffer = new byte[4096];
        using var plain = new MemoryStream();
        (_in.next_in, _in.next_in_index, _in.avail_in) = (compressed, 0, compressed.Length);
        while (plain.Length < Largest)
        {
            (_in.next_out, _in.next_out_index, _in.avail_out) = (buffer, 0, buffer.Length);
            int result = _in.inflate(JZlib.Z_SYNC_FLUSH);
            if (result == JZlib.Z_NEED_DICT)
            {
                Check(_in.inflateSetDictionary(SpdyDictionary.Bytes, SpdyDictionary.Bytes.Length));
                continue;
            }

            if (result is not (JZlib.Z_OK or JZlib.Z_BUF_ERROR))
                throw new InvalidDataException($"A header block does not decompress: {_in.msg}");
            plain.Write(buffer, 0, buffer.Length - _in.avail_out);
            if (_in.avail_in == 0 && _in.avail_out > 0)
                return plain.ToArray();
        }

        throw new InvalidDataException("A header block is too large.");
    }

    private byte[] Deflate(byte[] plain)
    {
        byte[] buffer = new byte[4096];
        using var compressed = new MemoryStream();
        (_out.next_in, _out.next_in_index, _out.avail_in) = (plain, 0, plain.Length);
        do
        {
            (_out.next_out, _out.next_out_index, _out.avail_out) = (buffer, 0, buffer.Length);
            Check(_out.deflate(JZlib.Z_SYNC_FLUSH));
            compressed.Write(buffer, 0, buffer.Length - _out.avail_out);
        }
        while (_out.avail_out == 0);
        return compressed.ToArray();
    }

    private static void Check(int result)
    {
        if (result != JZlib.Z_OK)
            throw new InvalidDataException($"zlib: {result}");
    }

    private static int Length(byte[] plain, ref int at)
    {
        if (at + 4 > plain.Length)
            throw new InvalidDataException("A header block ends early.");
        int length = BinaryPrimitives.ReadInt32BigEndian(plain.AsSpan(at));
        at += 4;
        return length;
    }

    private static string Text(byte[] plain, ref int at)
    {
        int length = Length(plain, ref at);
        if (length < 0 || length > plain.Length - at)
            throw new InvalidDataException("A header block ends early.");
        at += length;
        return Encoding.UTF8.GetString(plain, at - length, length);
    }

    private static void Length(MemoryStream plain, int length)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        plain.Write(bytes);
    }

    private static void Text(MemoryStream plain, string text)
    {
        Length(plain, Encoding.UTF8.GetByteCount(text));
        plain.Write(Encoding.UTF8.GetBytes(text));
    }
}
