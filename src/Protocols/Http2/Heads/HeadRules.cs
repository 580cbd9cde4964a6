namespace Sallyport.Protocols.Http2.Heads;

/// <summary>
/// Whether a head is one that may be acted on (RFC 9113 8.1.1: what is not is "malformed", and "Intermediaries that process HTTP requests or responses ... MUST NOT forward a malformed request or response"). A fault is of its stream
/// alone: the block it came in was legal. One pass over the fields, nothing is changed, nothing allocated.
/// </summary>
internal static class HeadRules
{
    private static readonly HttpViolation BadName = Malformed("a field name that is not a lower-case token");
    private static readonly HttpViolation BadValue = Malformed("a field value with control characters, or with white space around it");
    private static readonly HttpViolation OfConnection = Malformed("a field of the connection (RFC 9113 8.2.2)");
    private static readonly HttpViolation BadTe = Malformed("te with another value than trailers");
    private static readonly HttpViolation PseudoLate = Malformed("a pseudo-header field behind a field");
    private static readonly HttpViolation PseudoUnknown = Malformed("a pseudo-header field that is not of this kind of head");
    private static readonly HttpViolation PseudoTwice = Malformed("a pseudo-header field that stands twice");
    private static readonly HttpViolation PseudoMissing = Malformed("a pseudo-header field that is missing");
    private static readonly HttpViolation BadMethod = Malformed("a :method that is no token");
    private static readonly HttpViolation BadScheme = Malformed("a :scheme other than http and https");
    private static readonly HttpViolation BadPath = Malformed("a :path that is no path");
    private static readonly HttpViolation BadAuthority = Malformed("an :authority or host that is no host");
    private static readonly HttpViolation NoAuthority = Malformed("neither :authority nor host");
    private static readonly HttpViolation TwoHosts = Malformed("host that stands twice, or is another than :authority");
    private static readonly HttpViolation BadConnect = Malformed("CONNECT with :scheme or :path, or :protocol without CONNECT");
    private static readonly HttpViolation BadStatus = Malformed("a :status that is not three digits from 100 to 599");
    private static readonly HttpViolation NoSwitching = Malformed("101, which HTTP/2 does not have (RFC 9113 8.6)");
    private static readonly HttpViolation BadLength = Malformed("a content-length that is no number, or stands twice");
    private static readonly HttpViolation NotInTrailers = Malformed("a field that trailers may not have (RFC 9110 6.5.1)");

    [Flags]
    private enum Pseudo : byte
    {
        None = 0,
        Method = 1,
        Scheme = 2,
        Authority = 4,
        Path = 8,
        Protocol = 16,
        Status = 32,
    }

    /// <summary>Judges a request's head.</summary>
    /// <returns>What is wrong with it; null: nothing.</returns>
    public static HttpViolation? Request(HttpHead head, HeadForm form, out HeadFacts facts)
    {
        facts = new HeadFacts();
        Pseudo allowed = Pseudo.Method | Pseudo.Scheme | Pseudo.Authority | Pseudo.Path | ((form & HeadForm.ExtendedConnect) != 0 ? Pseudo.Protocol : Pseudo.None);
        HttpViolation? wrong = Fields(head, form, allowed, ref facts, out Pseudo found);
        return wrong ?? RequestLine(head, found, ref facts);
    }

    /// <summary>Judges a response's head, interim ones included.</summary>
    /// <returns>What is wrong with it; null: nothing.</returns>
    public static HttpViolation? Response(HttpHead head, HeadForm form, out HeadFacts facts)
    {
        facts = new HeadFacts();
        HttpViolation? wrong = Fields(head, form, Pseudo.Status, ref facts, out Pseudo found);
        if (wrong is not null)
            return wrong;

        // RFC 9113 8.3.2: "This pseudo-header field MUST be included in all responses, including interim responses; otherwise, the response is malformed."
        if (found != Pseudo.Status)
            return PseudoMissing;
        ReadOnlySpan<byte> status = head[0].Value;
        if (status.Length != 3 || !FieldRules.TryReadLength(status, out long code) || code is < 100 or > 599)
            return BadStatus;
        facts.Status = (int)code;
        return code == 101 && (form & HeadForm.Http1) == 0 ? NoSwitching : null;
    }

    /// <summary>Judges trailers. RFC 9113 8.1: "Trailers MUST NOT include pseudo-header fields". What frames, routes or authenticates a message comes too late in them (RFC 9110 6.5.1).</summary>
    /// <returns>What is wrong with them; null: nothing.</returns>
    public static HttpViolation? Trailers(HttpHead head, HeadForm form)
    {
        var facts = new HeadFacts();
        HttpViolation? wrong = Fields(head, form, Pseudo.None, ref facts, out _);
        if (wrong is not null)
            return wrong;
        for (int i = 0; i < head.Count; i++)
        {
            if (TrailerFields.IsForbidden(head[i].Name))
                return NotInTrailers;
        }

        return null;
    }

    private static HttpViolation? Fields(HttpHead head, HeadForm form, Pseudo allowed, ref HeadFacts facts, out Pseudo found)
    {
        found = Pseudo.None;
        bool fields = false;
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            if (!FieldRules.IsValue(field.Value))
                return BadValue;
            if (!field.Name.IsEmpty && field.Name[0] == ':')
            {
                // RFC 9113 8.3: "All pseudo-header fields MUST appear in a field block before all regular field lines." "The same pseudo-header field name MUST NOT appear more than once in a field block."
                // "Pseudo-header fields defined for requests MUST NOT appear in responses; pseudo-header fields defined for responses MUST NOT appear in requests."
                Pseudo pseudo = Find(field.Name);
                if ((pseudo & allowed) == 0)
                    return PseudoUnknown;
                if (fields)
                    return PseudoLate;
                if ((pseudo & found) != 0)
                    return PseudoTwice;
                found |= pseudo;
                continue;
            }

            fields = true;
            if (!FieldRules.IsLowerName(field.Name))
                return BadName;
            HttpViolation? wrong = Special(field, form, ref facts);
            if (wrong is not null)
                return wrong;
        }

        return null;
    }

    // By length first: few fields have a length that matters.
    private static HttpViolation? Special(HttpField field, HeadForm form, ref HeadFacts facts)
    {
        ReadOnlySpan<byte> name = field.Name;
        switch (name.Length)
        {
            // RFC 9113 8.2.2: "The only exception to this is the TE header field, which MAY be present in an HTTP/2 request; when it is, it MUST NOT contain any value other than 'trailers'."
            case 2 when name.SequenceEqual("te"u8):
                facts.TakesTrailers = FieldRules.EqualsIgnoringCase(field.Value, "trailers"u8);
                return facts.TakesTrailers || (form & HeadForm.Http1) != 0 ? null : BadTe;

            // RFC 9110 8.6. Two that agree could be taken as one; nobody honest sends them, and they are how requests are smuggled.
            case 14 when name.SequenceEqual("content-length"u8):
                if (facts.ContentLength >= 0 || !FieldRules.TryReadLength(field.Value, out long length))
                    return BadLength;
                facts.ContentLength = length;
                return null;

            // RFC 9113 8.2.2: "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields. ... Any message containing connection-specific header fields MUST be treated as malformed".
            case 7 or 10 or 16 or 17 when (form & HeadForm.Http1) == 0 && HopByHop.IsOfConnection(name):
                return OfConnection;

            default:
                return null;
        }
    }

    private static HttpViolation? RequestLine(HttpHead head, Pseudo found, ref HeadFacts facts)
    {
        if ((found & Pseudo.Method) == 0)
            return PseudoMissing;
        ReadOnlySpan<byte> method = head.Value(":method"u8);
        if (!FieldRules.IsToken(method))
            return BadMethod;
        facts.IsConnect = method.SequenceEqual("CONNECT"u8);
        facts.IsExtendedConnect = (found & Pseudo.Protocol) != 0;
        facts.IsHead = method.SequenceEqual("HEAD"u8);
        if (facts.IsExtendedConnect && !(facts.IsConnect && FieldRules.IsToken(head.Value(":protocol"u8))))
            return BadConnect;

        // RFC 9113 8.5: "The ':scheme' and ':path' pseudo-header fields MUST be omitted." But RFC 8441 4: "On requests that contain the :protocol pseudo-header field, the :scheme and :path pseudo-header fields of the
        // target URI MUST also be included."
        if (facts.IsConnect && !facts.IsExtendedConnect)
        {
            if ((found & (Pseudo.Scheme | Pseudo.Path)) != 0)
                return BadConnect;
            return (found & Pseudo.Authority) == 0 ? PseudoMissing : Authority(head, found, needsPort: true);
        }

        // RFC 9113 8.3.1: "All HTTP/2 requests MUST include exactly one valid value for the ':method', ':scheme', and ':path' pseudo-header fields, unless they are CONNECT requests".
        if ((found & (Pseudo.Scheme | Pseudo.Path)) != (Pseudo.Scheme | Pseudo.Path))
            return PseudoMissing;

        // Others are legal in HTTP/2; behind us are http and https alone. Schemes have no case (RFC 3986 3.1), their canonical form is lower.
        ReadOnlySpan<byte> scheme = head.Value(":scheme"u8);
        facts.IsHttps = scheme.SequenceEqual("https"u8);
        if (!facts.IsHttps && !scheme.SequenceEqual("http"u8))
            return BadScheme;

        // "This pseudo-header field MUST NOT be empty for 'http' or 'https' URIs; ... an OPTIONS request ... that does not include a path component ... MUST include a ':path' pseudo-header field with a value of '*'."
        ReadOnlySpan<byte> path = head.Value(":path"u8);
        if (!FieldRules.IsPath(path) && !(path.SequenceEqual("*"u8) && method.SequenceEqual("OPTIONS"u8)))
            return BadPath;
        return Authority(head, found, needsPort: false);
    }

    // RFC 9113 8.3.1: "A server SHOULD treat a request as malformed if it contains a Host header field that identifies an entity that differs from the entity in the ':authority' pseudo-header field." We always do: which of
    // two the target believes is not ours to guess. RFC 9112 3.2: more than one Host is refused. RFC 9110 4.2.1: "A sender MUST NOT generate an 'http' URI with an empty host identifier."
    private static HttpViolation? Authority(HttpHead head, Pseudo found, bool needsPort)
    {
        int host = head.IndexOf("host"u8);
        if (host >= 0 && head.IndexOf("host"u8, host + 1) >= 0)
            return TwoHosts;
        bool both = host >= 0 && (found & Pseudo.Authority) != 0;
        if (host < 0 && (found & Pseudo.Authority) == 0)
            return NoAuthority;
        ReadOnlySpan<byte> authority = (found & Pseudo.Authority) != 0 ? head.Value(":authority"u8) : head[host].Value;
        if (!FieldRules.IsAuthority(authority, needsPort))
            return BadAuthority;
        return both && !FieldRules.EqualsIgnoringCase(authority, head[host].Value) ? TwoHosts : null;
    }

    private static Pseudo Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        5 when name.SequenceEqual(":path"u8) => Pseudo.Path,
        7 when name.SequenceEqual(":method"u8) => Pseudo.Method,
        7 when name.SequenceEqual(":scheme"u8) => Pseudo.Scheme,
        7 when name.SequenceEqual(":status"u8) => Pseudo.Status,
        9 when name.SequenceEqual(":protocol"u8) => Pseudo.Protocol,
        10 when name.SequenceEqual(":authority"u8) => Pseudo.Authority,
        _ => Pseudo.None,
    };

    // RFC 9113 8.1.1: "Malformed requests or responses that are detected MUST be treated as a stream error of type PROTOCOL_ERROR."
    private static HttpViolation Malformed(string message) => new(H2ErrorCode.PROTOCOL_ERROR, message);
}
