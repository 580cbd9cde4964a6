using System.Globalization;
using System.Text;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Transcript;
using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Replay.Http;

/// <summary>
/// An HTTP session as an HTTP Archive, version 1.2 (w3c.github.io/web-performance, HAR): an entry for each request, where it ended. What the recording does not
/// have is said as the format says it: sizes of heads are -1, a request without an answer has status 0. Fields of our own begin with an underscore, as it asks.
/// </summary>
internal sealed class HarFile
{
    /// <summary>Bytes of one body; the rest is left out, which its comment says.</summary>
    private const int MostBody = 4 << 20;

    /// <summary>Bytes of bodies whose exchanges are under way.</summary>
    private const int MostBodies = 128 << 20;

    private readonly Dictionary<(uint Number, bool IsResponse), MemoryStream> _bodies = [];
    private readonly TextWriter _output;
    private readonly SessionFacts _facts;
    private long _held;
    private bool _any;

    private HarFile(TextWriter output, SessionFacts facts) => (_output, _facts) = (output, facts);

    /// <summary>Writes the session of a playback; its report is there afterwards.</summary>
    public static void Write(TextWriter output, Playback playback, SessionFacts facts)
    {
        var har = new HarFile(output, facts);
        output.Write("{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"sallyport-replay\",\"version\":\"1\"},\"pages\":[],\"entries\":[");
        while (playback.Next() is { } item)
            har.Take(item);
        output.Write("\n]}}\n");
    }

    /// <summary>Opens a recording with what an archive needs.</summary>
    public static Playback Open(string path) => Playback.Open(path, new PgTranscriptLimits { TextBytes = 0 }, httpLimits: new HttpTranscriptLimits());

    private void Take(PlayedItem item)
    {
        if (item.Http is HttpBodyEntry body)
        {
            (uint, bool) key = (body.Exchange.Number, body.IsResponse);
            if (!_bodies.TryGetValue(key, out MemoryStream? kept))
                _bodies[key] = kept = new MemoryStream();
            ReadOnlySpan<byte> bytes = body.Bytes.Span[..(int)Math.Min(body.Bytes.Length, Math.Min(MostBody - kept.Length, MostBodies - _held))];
            kept.Write(bytes);
            _held += bytes.Length;
        }
        else if (item.Http is HttpExchangeEntry { Step: HttpExchangeStep.Ended } ended)
        {
            _output.Write(_any ? ",\n" : "\n");
            _any = true;
            _output.Write(Entry(ended.Exchange, Body(ended.Exchange, false), Body(ended.Exchange, true)));
        }
    }

    private byte[] Body(HttpTranscriptExchange exchange, bool isResponse)
    {
        if (!_bodies.Remove((exchange.Number, isResponse), out MemoryStream? kept))
            return [];
        _held -= kept.Length;
        return kept.ToArray();
    }

    // The default encoder escapes what a terminal could take for a sequence.
    private string Entry(HttpTranscriptExchange exchange, byte[] sent, byte[] received)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            double wait = ((exchange.AnsweredAt ?? exchange.EndedAt ?? exchange.At) - exchange.At).TotalMilliseconds;
            double time = Math.Max(exchange.Duration?.TotalMilliseconds ?? wait, wait);
            json.WriteStartObject();
            json.WriteString("startedDateTime", exchange.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteNumber("time", time);
            Request(json, exchange, sent);
            Response(json, exchange, received);
            json.WriteStartObject("cache");
            json.WriteEndObject();
            json.WriteStartObject("timings");
            json.WriteNumber("send", 0);
            json.WriteNumber("wait", wait);
            json.WriteNumber("receive", time - wait);
            json.WriteEndObject();
            json.WriteString("connection", _facts.SessionId.ToString("D"));
            Own(json, exchange);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static void Request(Utf8JsonWriter json, HttpTranscriptExchange exchange, byte[] body)
    {
        json.WriteStartObject("request");
        json.WriteString("method", exchange.Method);
        json.WriteString("url", $"{exchange.Scheme}://{exchange.Authority}{exchange.Target}");
        json.WriteString("httpVersion", Version(exchange));
        Fields(json, exchange.RequestFields);
        json.WriteStartArray("queryString");
        int query = exchange.Target.IndexOf('?', StringComparison.Ordinal);
        foreach (string pair in query < 0 ? [] : exchange.Target[(query + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            Named(json, Decoded(equals < 0 ? pair : pair[..equals]), equals < 0 ? "" : Decoded(pair[(equals + 1)..]));
        }

        json.WriteEndArray();
        json.WriteNumber("headersSize", -1);
        json.WriteNumber("bodySize", exchange.RequestBytes);
        if (body.Length > 0)
        {
            json.WriteStartObject("postData");
            json.WriteString("mimeType", HttpTranscriptExchange.Field(exchange.RequestFields, "content-type"));
            json.WriteStartArray("params");
            json.WriteEndArray();
            // The format has no encoding here.
            bool isText = TryText(body, out string text);
            json.WriteString("text", isText ? text : Convert.ToBase64String(body));
            string comment = Comment(isText, body.Length, exchange.RequestBytes);
            if (comment.Length > 0)
                json.WriteString("comment", comment);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Response(Utf8JsonWriter json, HttpTranscriptExchange exchange, byte[] body)
    {
        json.WriteStartObject("response");
        json.WriteNumber("status", exchange.Status);
        json.WriteString("statusText", "");
        json.WriteString("httpVersion", Version(exchange));
        Fields(json, exchange.ResponseFields);
        json.WriteStartObject("content");
        json.WriteNumber("size", exchange.ResponseBytes);
        json.WriteString("mimeType", HttpTranscriptExchange.Field(exchange.ResponseFields, "content-type"));
        if (body.Length > 0)
        {
            bool isText = TryText(body, out string text);
            json.WriteString("text", isText ? text : Convert.ToBase64String(body));
            if (!isText)
                json.WriteString("encoding", "base64");
            string comment = Comment(isText: true, body.Length, exchange.ResponseBytes);
            if (comment.Length > 0)
                json.WriteString("comment", comment);
        }

        json.WriteEndObject();
        json.WriteString("redirectURL", HttpTranscriptExchange.Field(exchange.ResponseFields, "location"));
        json.WriteNumber("headersSize", -1);
        json.WriteNumber("bodySize", exchange.ResponseBytes);
        json.WriteEndObject();
    }

    private void Own(Utf8JsonWriter json, HttpTranscriptExchange exchange)
    {
        json.WriteString("_subject", _facts.Identity.Subject);
        json.WriteString("_target", Words.Target(_facts));
        json.WriteNumber("_exchange", exchange.Number);
        if (exchange.Verdict is { } verdict)
        {
            json.WriteString("_verdict", Words.Verdict(verdict));
            json.WriteString("_rule", exchange.Rule);
            json.WriteBoolean("_masked", exchange.IsMasked);
        }

        if (exchange.Kube is not null)
            json.WriteString("_kubernetes", HttpWords.What(exchange));
        if (exchange.Command is { } command)
            json.WriteString("_command", command.Name);
        if (exchange.ResetByClient is { } client)
            json.WriteNumber("_resetByClient", client);
        if (exchange.ResetByTarget is { } target)
            json.WriteNumber("_resetByTarget", target);
    }

    // Cookies are credentials: the recording has none.
    private static void Fields(Utf8JsonWriter json, IReadOnlyList<HttpTranscriptField> fields)
    {
        json.WriteStartArray("cookies");
        json.WriteEndArray();
        json.WriteStartArray("headers");
        foreach (HttpTranscriptField field in fields)
            Named(json, field.Name, field.Value);
        json.WriteEndArray();
    }

    private static void Named(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static string Version(HttpTranscriptExchange exchange) => exchange.IsHttp1 ? "HTTP/1.1" : "HTTP/2.0";

    private static string Decoded(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static string Comment(bool isText, int kept, long whole) =>
        (isText ? "" : "base64") + (kept < whole ? string.Create(CultureInfo.InvariantCulture, $"{(isText ? "" : ", ")}the first {kept} of {whole} bytes") : "");

    private static bool TryText(byte[] body, out string text)
    {
        // The last character may be cut where the recording was.
        int length = body.Length;
        for (int back = 1; back <= Math.Min(3, length); back++)
        {
            if ((body[length - back] & 0xc0) == 0x80)
                continue;
            int needs = body[length - back] switch { >= 0xf0 => 4, >= 0xe0 => 3, >= 0xc0 => 2, _ => 1 };
            length -= needs > back ? back : 0;
            break;
        }

        bool isText = System.Text.Unicode.Utf8.IsValid(body.AsSpan(0, length));
        text = isText ? Encoding.UTF8.GetString(body, 0, length) : "";
        return isText;
    }
}
