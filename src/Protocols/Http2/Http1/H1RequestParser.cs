using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>
/// Reads heads of requests (RFC 9112 3), one after the other, from a buffer that grows until there is a whole one. Strict: what two parsers could read
/// differently is refused, and the connection it came by is closed by whoever asked.
/// </summary>
/// <remarks>
/// Stricter than the RFC, each because something behind us may not be: lower-case methods; Content-Length with leading zeros or twice, even when equal;
/// <c>Content_Length</c> and <c>Transfer_Encoding</c>; an HTTP/1.0 request without Host; a body with an upgrade; a higher minor version than 1.
/// </remarks>
/// <param name="secure">The connection is under TLS: <c>:scheme</c> is https.</param>
internal sealed class H1RequestParser(H1Limits limits, bool secure)
{
    private H1Lines _lines;

    /// <param name="buffer">From the head's first byte on; each call has at least what the one before had, until one is done.</param>
    /// <param name="into">Gets <c>:method :scheme :authority :path</c> and all fields but Host and Transfer-Encoding. Full: 431.</param>
    /// <param name="consumed">Bytes of the head, when done; 0 otherwise.</param>
    public ParseStatus TryParse(ReadOnlySpan<byte> buffer, HttpHead into, out int consumed, out H1RequestFacts facts, out HttpViolation? violation)
    {
        consumed = 0;
        facts = default;
        ParseStatus status = _lines.Find(buffer, limits, maySkip: true, out int end, out violation);
        if (status != ParseStatus.Done)
            return status;

        ReadOnlySpan<byte> lines = buffer[_lines.Start..end];
        _lines = default;
        into.Clear();
        violation = Read(lines, into, out facts);
        if (violation is not null)
            return ParseStatus.Malformed;
        consumed = end;
        return ParseStatus.Done;
    }

    private HttpViolation? Read(ReadOnlySpan<byte> lines, HttpHead into, out H1RequestFacts facts)
    {
        facts = default;
        HttpViolation? fault = ReadLine(H1Lines.Next(ref lines), out ReadOnlySpan<byte> method, out H1Target target, out int minor);
        if (fault is not null)
            return fault;

        var fields = default(H1Fields);
        fault = fields.Check(lines, minor) ?? CheckHost(in fields, target);
        if (fault is not null)
            return fault;

        bool hasBody = fields.Framing.Body != H1Body.None;
        if (hasBody && fields.Upgrade != H1Upgrade.None)
            return H1Faults.Upgrade;
        if (hasBody && target.Form == H1TargetForm.Authority)
            return H1Faults.ConnectBody;

        bool keepAlive = !fields.Close && (minor == 1 || fields.KeepAlive);
        facts = new H1RequestFacts(target.Form, minor, fields.Framing, keepAlive, fields.ExpectContinue && minor == 1, fields.Upgrade);
        return TryFill(into, method, target, fields.Host) && H1Fields.TryAdd(lines, into, hasUpgrade: facts.Upgrades) ? null : H1Faults.TooManyFields;
    }

    /// <summary>request-line = method SP request-target SP HTTP-version.</summary>
    private HttpViolation? ReadLine(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> method, out H1Target target, out int minor)
    {
        target = default;
        minor = 0;
        int space = line.IndexOf((byte)' ');
        int last = line.LastIndexOf((byte)' ');
        method = space < 0 ? default : line[..space];
        if (space <= 0 || last == space)
            return H1Faults.RequestLine;
        if (!FieldRules.IsToken(method) || method.ContainsAnyInRange((byte)'a', (byte)'z'))
            return H1Faults.Method;
        if (method.Length > limits.Method)
            return H1Faults.MethodTooLong;

        ReadOnlySpan<byte> version = line[(last + 1)..];
        if (version.Length != 8 || !version.StartsWith("HTTP/"u8) || version[6] != '.' || !char.IsAsciiDigit((char)version[5]) || !char.IsAsciiDigit((char)version[7]))
            return H1Faults.RequestLine;
        if (version[5] != '1' || version[7] > '1')
            return H1Faults.Version;
        minor = version[7] - '0';
        return H1Target.TryParse(method, line[(space + 1)..last], secure, out target);
    }

    /// <summary>
    /// Exactly one Host, of every request (RFC 9112 3.2), HTTP/1.0 included: who is meant must be said. RFC 9112 3.2.2 lets an absolute-form target win
    /// over a Host that says otherwise; here they agree, but for the case of letters.
    /// </summary>
    private static HttpViolation? CheckHost(in H1Fields fields, H1Target target)
    {
        if (!fields.HasHost || !FieldRules.IsAuthority(fields.Host))
            return H1Faults.Host;
        if (target.Form == H1TargetForm.Absolute && !FieldRules.EqualsIgnoringCase(fields.Host, target.Authority))
            return H1Faults.HostDiffers;
        // RFC 9110 7.2: the Host of a CONNECT request is its target; curl leaves out the port that browsers send.
        bool agrees = target.Form != H1TargetForm.Authority || FieldRules.EqualsIgnoringCase(fields.Host, target.Authority)
            || (target.Authority.Length > fields.Host.Length && target.Authority[fields.Host.Length] == ':' && FieldRules.EqualsIgnoringCase(fields.Host, target.Authority[..fields.Host.Length]));
        return agrees ? null : H1Faults.HostDiffers;
    }

    private bool TryFill(HttpHead into, ReadOnlySpan<byte> method, H1Target target, ReadOnlySpan<byte> host)
    {
        if (!into.TryAdd(":method"u8, method))
            return false;
        // A CONNECT request has neither scheme nor path (RFC 9113 8.5).
        if (target.Form == H1TargetForm.Authority)
            return into.TryAdd(":authority"u8, target.Authority);
        if (!into.TryAdd(":scheme"u8, secure ? "https"u8 : "http"u8) || !into.TryAdd(":authority"u8, host))
            return false;
        if (!target.Path.IsEmpty && target.Path[0] != '?')
            return into.TryAdd(":path"u8, target.Path);

        // An absolute-form target without a path: "/", or "*" of OPTIONS without a query (RFC 9112 3.2.4, RFC 9110 4.2.3).
        if (target.Path.IsEmpty)
            return into.TryAdd(":path"u8, method.SequenceEqual("OPTIONS"u8) ? "*"u8 : "/"u8);
        Span<byte> path = new byte[target.Path.Length + 1];
        path[0] = (byte)'/';
        target.Path.CopyTo(path[1..]);
        return into.TryAdd(":path"u8, path);
    }
}
