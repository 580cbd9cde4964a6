using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Recording;

/// <summary>The payload of SessionStart: a run of tagged fields, so that later versions can add some. Layout: docs/recording-format.md, "SessionStart".</summary>
internal static class StartRecord
{
    /// <summary>Facts come from tokens, which are far smaller; past this the session is refused rather than recorded in part.</summary>
    public const int MaxBytes = 256 << 10;

    private enum Tag : byte
    {
        SessionId = 1,
        Node = 2,
        Listener = 3,
        Protocol = 4,
        Target = 5,
        Resource = 6,
        Source = 7,
        StartedAt = 8,
        ClientUser = 9,
        ClientApplication = 10,
        ClientTls = 11,
        Subject = 20,
        Group = 21,
        Kind = 22,
        ActingFor = 23,
        Issuer = 24,
        TokenId = 25,
        ExpiresAt = 26,
    }

    /// <exception cref="IOException">The facts are larger than <see cref="MaxBytes"/>.</exception>
    public static byte[] Write(SessionFacts facts)
    {
        var payload = new ArrayBufferWriter<byte>(512);
        Bytes(payload, Tag.SessionId, facts.SessionId.ToByteArray(bigEndian: true));
        Text(payload, Tag.Node, facts.Node);
        Text(payload, Tag.Listener, facts.Listener);
        Text(payload, Tag.Protocol, facts.Protocol);
        Text(payload, Tag.Target, facts.Target);
        Text(payload, Tag.Resource, facts.Resource);
        Text(payload, Tag.Source, facts.Source.ToString());
        Moment(payload, Tag.StartedAt, facts.StartedAt);
        Text(payload, Tag.ClientUser, facts.ClientUser);
        Text(payload, Tag.ClientApplication, facts.ClientApplication);
        Bytes(payload, Tag.ClientTls, [facts.ClientTls ? (byte)1 : (byte)0]);
        Text(payload, Tag.Subject, facts.Identity.Subject);
        foreach (string group in facts.Identity.Groups)
            Text(payload, Tag.Group, group);
        Bytes(payload, Tag.Kind, [(byte)facts.Identity.Kind]);
        foreach (string other in facts.Identity.ActingFor)
            Text(payload, Tag.ActingFor, other);
        Text(payload, Tag.Issuer, facts.Identity.Issuer);
        if (facts.Identity.TokenId is { } token)
            Text(payload, Tag.TokenId, token);
        Moment(payload, Tag.ExpiresAt, facts.Identity.ExpiresAt);
        return payload.WrittenCount <= MaxBytes
            ? payload.WrittenSpan.ToArray()
            : throw new IOException($"The facts of session {facts.SessionId} are too large to record.");
    }

    /// <summary>The facts, or null when the payload is none.</summary>
    public static SessionFacts? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MaxBytes)
            return null;
        var texts = new string?[256];
        var groups = ImmutableArray.CreateBuilder<string>();
        var actingFor = ImmutableArray.CreateBuilder<string>();
        Guid? id = null;
        DateTimeOffset startedAt = default, expiresAt = default;
        byte kind = 0, tls = 0;

        var reader = new SpanReader(payload);
        while (reader.Ok && !reader.AtEnd)
        {
            var tag = (Tag)reader.U8();
            ReadOnlySpan<byte> value = reader.Bytes();
            switch (tag)
            {
                case Tag.SessionId: id = value.Length == 16 ? new Guid(value, bigEndian: true) : null; break;
                case Tag.StartedAt: startedAt = Moment(ref reader, value); break;
                case Tag.ExpiresAt: expiresAt = Moment(ref reader, value); break;
                case Tag.Kind: kind = value.Length == 1 ? value[0] : (byte)0; break;
                case Tag.ClientTls: tls = value.Length == 1 ? value[0] : (byte)0; break;
                case Tag.Group: groups.Add(Encoding.UTF8.GetString(value)); break;
                case Tag.ActingFor: actingFor.Add(Encoding.UTF8.GetString(value)); break;
                default: texts[(byte)tag] = Encoding.UTF8.GetString(value); break;
            }
        }

        if (!reader.Ok || id is null || !IPEndPoint.TryParse(Of(Tag.Source), out IPEndPoint? source))
            return null;
        return new SessionFacts
        {
            SessionId = id.Value,
            Node = Of(Tag.Node),
            Listener = Of(Tag.Listener),
            Protocol = Of(Tag.Protocol),
            Target = Of(Tag.Target),
            Resource = Of(Tag.Resource),
            Source = source,
            StartedAt = startedAt,
            ClientUser = Of(Tag.ClientUser),
            ClientApplication = Of(Tag.ClientApplication),
            ClientTls = tls == 1,
            Identity = new Identity
            {
                Subject = Of(Tag.Subject),
                Groups = groups.ToImmutable(),
                Kind = (IdentityKind)kind,
                ActingFor = actingFor.ToImmutable(),
                Issuer = Of(Tag.Issuer),
                TokenId = texts[(byte)Tag.TokenId],
                ExpiresAt = expiresAt,
            },
        };

        string Of(Tag tag) => texts[(byte)tag] ?? "";
    }

    private static void Text(ArrayBufferWriter<byte> payload, Tag tag, string text) => Bytes(payload, tag, Encoding.UTF8.GetBytes(text));

    private static void Moment(ArrayBufferWriter<byte> payload, Tag tag, DateTimeOffset moment)
    {
        Span<byte> value = stackalloc byte[SpanWriter.MaxVarint];
        var writer = new SpanWriter(value);
        writer.Varint((ulong)Math.Max(0, (moment.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond));
        Bytes(payload, tag, value[..writer.Position]);
    }

    private static DateTimeOffset Moment(ref SpanReader outer, ReadOnlySpan<byte> value)
    {
        var reader = new SpanReader(value);
        long micros = reader.Varint();
        outer.Require(reader.Ok);
        return RecordTime.At(DateTimeOffset.UnixEpoch, micros);
    }

    private static void Bytes(ArrayBufferWriter<byte> payload, Tag tag, ReadOnlySpan<byte> value)
    {
        var writer = new SpanWriter(payload.GetSpan(1 + SpanWriter.MaxVarint + value.Length));
        writer.U8((byte)tag);
        writer.Bytes(value);
        payload.Advance(writer.Position);
    }
}
