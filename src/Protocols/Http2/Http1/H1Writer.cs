using System.Buffers;
using System.Buffers.Text;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>What becomes of the connection behind the message, as its head says.</summary>
internal enum H1Ending : byte
{
    KeepAlive,
    Close,

    /// <summary>The Upgrade field of the head is meant: the connection changes its protocol, or is asked to.</summary>
    Upgrade,
}

/// <summary>
/// Writes heads and chunks (RFC 9112). What delimits the body and steers the connection is written from what the caller knows, never from the head's fields;
/// Host is written of <c>:authority</c>, and several <c>cookie</c> fields become one (RFC 9113 8.2.3). A head that cannot stand in HTTP/1.1 is not written
/// at all: nothing of a value may end its line.
/// </summary>
internal static class H1Writer
{
    /// <summary>Most bytes of <see cref="WriteChunkHeader"/>.</summary>
    public const int LongestChunkHeader = 18;

    /// <summary>The whole interim response (RFC 9110 15.2.1).</summary>
    public static ReadOnlySpan<byte> Continue => "HTTP/1.1 100 Continue\r\n\r\n"u8;

    /// <summary>Behind the bytes of each chunk.</summary>
    public static ReadOnlySpan<byte> ChunkEnd => "\r\n"u8;

    /// <summary>The last chunk without trailers.</summary>
    public static ReadOnlySpan<byte> LastChunk => "0\r\n\r\n"u8;

    /// <param name="head">With <c>:method :authority :path</c>, and <c>:scheme</c>; CONNECT without path.</param>
    /// <returns>Null: it is written. Otherwise nothing is.</returns>
    public static HttpViolation? TryWriteRequest(HttpHead head, H1Framing framing, H1Ending ending, IBufferWriter<byte> to)
    {
        ReadOnlySpan<byte> method = head.Value(":method"u8);
        ReadOnlySpan<byte> authority = head.Value(":authority"u8);
        bool isConnect = method.SequenceEqual("CONNECT"u8);
        ReadOnlySpan<byte> target = isConnect ? authority : head.Value(":path"u8);
        if (!FieldRules.IsToken(method) || !FieldRules.IsAuthority(authority, needsPort: isConnect) || target.IsEmpty || target.ContainsAnyExceptInRange((byte)'!', (byte)'~')
            || (!isConnect && target[0] != '/' && !(target.SequenceEqual("*"u8) && method.SequenceEqual("OPTIONS"u8)))
            || framing.Body is H1Body.UntilClose or H1Body.Tunnel || (isConnect && framing.Body != H1Body.None) || !AreWritable(head, isRequest: true) || !CanUpgrade(head, ending))
            return H1Faults.Unwritable;

        to.Write(method);
        to.Write(" "u8);
        to.Write(target);
        to.Write(" HTTP/1.1\r\nhost: "u8);
        to.Write(authority);
        to.Write("\r\n"u8);
        // RFC 9110 8.6: a request whose method anticipates content says that there is none.
        bool anticipates = method.SequenceEqual("POST"u8) || method.SequenceEqual("PUT"u8) || method.SequenceEqual("PATCH"u8);
        WriteFraming(framing, saysNothing: !anticipates, to);
        WriteFields(head, ending, to);
        return null;
    }

    /// <param name="head">With <c>:status</c>.</param>
    /// <param name="framing">None of a response that could have a body is written as a length of 0.</param>
    /// <param name="isHead">It answers a HEAD request: the head's own Content-Length stands, and no body follows.</param>
    /// <returns>Null: it is written. Otherwise nothing is.</returns>
    public static HttpViolation? TryWriteResponse(HttpHead head, H1Framing framing, H1Ending ending, bool isHead, IBufferWriter<byte> to)
    {
        ReadOnlySpan<byte> digits = head.Value(":status"u8);
        if (digits.Length != 3 || !H1Bytes.TryNumber(digits, out long status) || status is < 100 or > 599 || !AreWritable(head, isRequest: false) || !CanUpgrade(head, ending))
            return H1Faults.Unwritable;
        bool isBodyless = isHead || status is < 200 or 204 or 304 || framing.Body == H1Body.Tunnel;
        ReadOnlySpan<byte> length = head.Value("content-length"u8);
        if (isBodyless && (framing.Body is not (H1Body.None or H1Body.Tunnel) || (!length.IsEmpty && !H1Bytes.TryNumber(length, out _))))
            return H1Faults.Unwritable;

        to.Write("HTTP/1.1 "u8);
        to.Write(digits);
        to.Write(" "u8);
        to.Write(H1Reasons.Of((int)status));
        to.Write("\r\n"u8);
        WriteFraming(framing, saysNothing: isBodyless, to);
        if ((isHead || status == 304) && status >= 200 && status != 204 && !length.IsEmpty)
            WriteField("content-length"u8, length, to);
        WriteFields(head, framing.Body == H1Body.UntilClose ? H1Ending.Close : ending, to);
        return null;
    }

    /// <summary>The line before the bytes of a chunk.</summary>
    /// <param name="length">1 or more: an empty chunk would end the body.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteChunkHeader(int length, Span<byte> to)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Utf8Formatter.TryFormat(length, to, out int digits, 'x');
        "\r\n"u8.CopyTo(to[digits..]);
        return digits + 2;
    }

    /// <summary>The last chunk, and the trailers behind it.</summary>
    /// <returns>Null: they are written. Otherwise nothing is.</returns>
    public static HttpViolation? TryWriteLastChunk(HttpHead trailers, IBufferWriter<byte> to)
    {
        for (int i = 0; i < trailers.Count; i++)
        {
            HttpField field = trailers[i];
            if (!IsWritable(field) || TrailerFields.IsForbidden(field.Name))
                return H1Faults.Unwritable;
        }

        to.Write("0\r\n"u8);
        for (int i = 0; i < trailers.Count; i++)
            WriteField(trailers[i].Name, trailers[i].Value, to);
        to.Write("\r\n"u8);
        return null;
    }

    private static bool AreWritable(HttpHead head, bool isRequest)
    {
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            bool isPseudo = field.Name is [(byte)':', ..];
            if (isPseudo ? !IsKnownPseudo(field.Name, isRequest) || head.IndexOf(field.Name) != i : !IsWritable(field))
                return false;
        }

        return true;
    }

    private static bool CanUpgrade(HttpHead head, H1Ending ending) => ending != H1Ending.Upgrade || !head.Value("upgrade"u8).IsEmpty;

    /// <summary><c>:protocol</c> (RFC 8441) is not one: who translates an extended CONNECT makes an Upgrade of it first.</summary>
    private static bool IsKnownPseudo(ReadOnlySpan<byte> name, bool isRequest) => isRequest
        ? name.SequenceEqual(":method"u8) || name.SequenceEqual(":scheme"u8) || name.SequenceEqual(":authority"u8) || name.SequenceEqual(":path"u8)
        : name.SequenceEqual(":status"u8);

    private static bool IsWritable(HttpField field) =>
        FieldRules.IsToken(field.Name) && !field.Name.ContainsAnyInRange((byte)'A', (byte)'Z') && FieldRules.IsValue(field.Value);

    private static void WriteFraming(H1Framing framing, bool saysNothing, IBufferWriter<byte> to)
    {
        if (framing.Body == H1Body.Chunked)
        {
            to.Write("transfer-encoding: chunked\r\n"u8);
        }
        else if (framing.Body == H1Body.Length || (framing.Body == H1Body.None && !saysNothing))
        {
            Span<byte> digits = stackalloc byte[20];
            Utf8Formatter.TryFormat(framing.Length, digits, out int length);
            WriteField("content-length"u8, digits[..length], to);
        }
    }

    private static void WriteFields(HttpHead head, H1Ending ending, IBufferWriter<byte> to)
    {
        bool hasCookie = false;
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            if (field.Name is [(byte)':', ..] || IsOfConnection(field.Name))
                continue;
            if (!field.Name.SequenceEqual("cookie"u8))
                WriteField(field.Name, field.Value, to);
            else if (!hasCookie)
                WriteCookies(head, i, to);
            hasCookie |= field.Name.SequenceEqual("cookie"u8);
        }

        if (ending == H1Ending.Upgrade)
        {
            to.Write("connection: Upgrade\r\n"u8);
            WriteField("upgrade"u8, head.Value("upgrade"u8), to);
        }
        else if (ending == H1Ending.Close)
        {
            to.Write("connection: close\r\n"u8);
        }

        to.Write("\r\n"u8);
    }

    private static void WriteCookies(HttpHead head, int first, IBufferWriter<byte> to)
    {
        to.Write("cookie: "u8);
        to.Write(head[first].Value);
        for (int i = head.IndexOf("cookie"u8, first + 1); i >= 0; i = head.IndexOf("cookie"u8, i + 1))
        {
            to.Write("; "u8);
            to.Write(head[i].Value);
        }

        to.Write("\r\n"u8);
    }

    private static void WriteField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, IBufferWriter<byte> to)
    {
        to.Write(name);
        to.Write(": "u8);
        to.Write(value);
        to.Write("\r\n"u8);
    }

    /// <summary>Written from what the caller knows, or not for the next connection to see (RFC 9110 7.6.1).</summary>
    private static bool IsOfConnection(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => name.SequenceEqual("te"u8),
        4 => name.SequenceEqual("host"u8),
        7 => name.SequenceEqual("upgrade"u8),
        10 => name.SequenceEqual("connection"u8) || name.SequenceEqual("keep-alive"u8),
        14 => name.SequenceEqual("content-length"u8),
        16 => name.SequenceEqual("proxy-connection"u8),
        17 => name.SequenceEqual("transfer-encoding"u8),
        _ => false,
    };
}
