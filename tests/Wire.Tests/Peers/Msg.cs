using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>A message as it was on the wire; type 0 stands for one without a type.</summary>
public readonly record struct PgMessage(byte Type, byte[] Body)
{
    public override string ToString() => $"{(Type == 0 ? "startup" : ((char)Type).ToString())} {Printable(Body)}";

    public static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("\"");
        foreach (byte b in bytes[..Math.Min(bytes.Length, 300)])
            text.Append(b is >= 0x20 and < 0x7f ? ((char)b).ToString() : $"\\{b:x2}");
        return text.Append('"').Append(bytes.Length > 300 ? $" … {bytes.Length} bytes" : "").ToString();
    }
}

/// <summary>A field of a RowDescription.</summary>
public sealed record Column(string Name, uint Table = 0, short Attribute = 0, uint Type = 25, short Format = 0);

/// <summary>Messages built from PostgreSQL 55.7 alone: nothing of the engine's is used, so that it cannot agree with its own mistakes.</summary>
public static class Msg
{
    public const int Protocol30 = 196608;
    public const int Protocol32 = 196610;

    // --- framing

    public static byte[] Typed(char type, params object[] fields) => Typed((byte)type, fields);

    public static byte[] Typed(byte type, params object[] fields)
    {
        byte[] body = Fields(fields);
        return [type, .. Int32(body.Length + 4), .. body];
    }

    public static byte[] Untyped(params object[] fields)
    {
        byte[] body = Fields(fields);
        return [.. Int32(body.Length + 4), .. body];
    }

    /// <summary>A header with a length that the body does not have.</summary>
    public static byte[] Header(char type, uint length) => [(byte)type, .. Int32(unchecked((int)length))];

    public static byte[] Join(params byte[][] messages) => [.. messages.SelectMany(m => m)];

    public static byte[] Int32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Fields(object[] fields)
    {
        var body = new MemoryStream();
        foreach (object field in fields)
        {
            body.Write(field switch
            {
                string s => [.. Encoding.UTF8.GetBytes(s), 0],
                int i => Int32(i),
                uint u => Int32(unchecked((int)u)),
                short s => [(byte)(s >> 8), (byte)s],
                byte b => [b],
                char c => [(byte)c],
                byte[] bytes => bytes,
                _ => throw new ArgumentException(field.GetType().Name),
            });
        }

        return body.ToArray();
    }

    // --- messages without a type

    public static byte[] SslRequest { get; } = Untyped(80877103);

    public static byte[] GssEncRequest { get; } = Untyped(80877104);

    public static byte[] CancelRequest(int process, byte[] key) => Untyped(80877102, process, key);

    public static byte[] Startup(int version, params (string Name, string Value)[] parameters) =>
        Untyped([version, .. parameters.SelectMany(p => new object[] { p.Name, p.Value }), (byte)0]);

    // --- from the client

    public static byte[] Password(string password) => Typed('p', password);

    public static byte[] SaslInitialResponse(string mechanism, byte[] data) => Typed('p', mechanism, data.Length, data);

    public static byte[] SaslResponse(byte[] data) => Typed('p', data);

    public static byte[] Query(string text) => Typed('Q', text);

    public static byte[] Parse(string name, string text) => Typed('P', name, text, (short)0);

    /// <summary>A Bind with text parameters and one result format for all columns.</summary>
    public static byte[] Bind(string portal, string statement, short resultFormat = 0, params string?[] values) =>
        Typed('B', [portal, statement, (short)0, (short)values.Length, .. values.Select(Value), (short)1, resultFormat]);

    public static byte[] Describe(char kind, string name) => Typed('D', kind, name);

    public static byte[] Execute(string portal, int rows = 0) => Typed('E', portal, rows);

    public static byte[] Close(char kind, string name) => Typed('C', kind, name);

    public static byte[] Sync { get; } = Typed('S');

    public static byte[] Flush { get; } = Typed('H');

    public static byte[] Terminate { get; } = Typed('X');

    public static byte[] FunctionCall(uint function) => Typed('F', function, (short)0, (short)0, (short)0);

    public static byte[] CopyFail(string why) => Typed('f', why);

    // --- from either

    public static byte[] CopyData(string data) => Typed('d', Encoding.UTF8.GetBytes(data));

    public static byte[] CopyDone { get; } = Typed('c');

    // --- from the server

    public static byte[] AuthenticationOk { get; } = Typed('R', 0);

    public static byte[] AuthenticationCleartextPassword { get; } = Typed('R', 3);

    public static byte[] AuthenticationMd5Password(byte[] salt) => Typed('R', 5, salt);

    public static byte[] AuthenticationSasl(params string[] mechanisms) => Typed('R', [10, .. mechanisms, (byte)0]);

    public static byte[] AuthenticationSaslContinue(string data) => Typed('R', 11, Encoding.ASCII.GetBytes(data));

    public static byte[] AuthenticationSaslFinal(string data) => Typed('R', 12, Encoding.ASCII.GetBytes(data));

    public static byte[] NegotiateProtocolVersion(int version, params string[] options) => Typed('v', [version, options.Length, .. options]);

    public static byte[] ParameterStatus(string name, string value) => Typed('S', name, value);

    public static byte[] BackendKeyData(int process, byte[] key) => Typed('K', process, key);

    public static byte[] ReadyForQuery(char status) => Typed('Z', status);

    public static byte[] RowDescription(params Column[] columns) =>
        Typed('T', [(short)columns.Length, .. columns.SelectMany(c => new object[] { c.Name, c.Table, c.Attribute, c.Type, (short)-1, -1, c.Format })]);

    public static byte[] ParameterDescription(params uint[] types) => Typed('t', [(short)types.Length, .. types.Cast<object>()]);

    public static byte[] DataRow(params string?[] values) => Typed('D', [(short)values.Length, .. values.Select(Value)]);

    public static byte[] DataRowOf(params byte[]?[] values) =>
        Typed('D', [(short)values.Length, .. values.Select(v => v is null ? Int32(-1) : [.. Int32(v.Length), .. v])]);

    public static byte[] CommandComplete(string tag) => Typed('C', tag);

    public static byte[] EmptyQueryResponse { get; } = Typed('I');

    public static byte[] ParseComplete { get; } = Typed('1');

    public static byte[] BindComplete { get; } = Typed('2');

    public static byte[] CloseComplete { get; } = Typed('3');

    public static byte[] NoData { get; } = Typed('n');

    public static byte[] PortalSuspended { get; } = Typed('s');

    public static byte[] FunctionCallResponse(string value) => Typed('V', Value(value));

    public static byte[] CopyInResponse { get; } = Typed('G', (byte)0, (short)1, (short)0);

    public static byte[] CopyOutResponse { get; } = Typed('H', (byte)0, (short)1, (short)0);

    public static byte[] NotificationResponse(int process, string channel, string payload) => Typed('A', process, channel, payload);

    public static byte[] ErrorResponse(string sqlState, string message, string severity = "ERROR") =>
        Fields('E', ('S', severity), ('V', severity), ('C', sqlState), ('M', message));

    public static byte[] NoticeResponse(string sqlState, string message) => Fields('N', ('S', "NOTICE"), ('V', "NOTICE"), ('C', sqlState), ('M', message));

    /// <summary>An ErrorResponse or NoticeResponse with these fields.</summary>
    public static byte[] Fields(char type, params (char Code, string Value)[] fields) =>
        Typed(type, [.. fields.SelectMany(f => new object[] { f.Code, f.Value }), (byte)0]);

    private static byte[] Value(string? value) => value is null ? Int32(-1) : [.. Int32(Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)];
}
