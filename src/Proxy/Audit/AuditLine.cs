using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Audit;

/// <summary>
/// An event as one line of JSON: docs/audit-events.md. The writer escapes control characters and everything that is not ASCII, so no value can forge a line or
/// change how one looks.
/// </summary>
internal static class AuditLine
{
    /// <summary>Longest value, characters; what is longer is cut and ends in "…".</summary>
    private const int LongestValue = 4096;

    /// <summary>Most changes or details of one event.</summary>
    private const int MostEntries = 64;

    /// <summary>Longest line, bytes: every field at its longest, escaped.</summary>
    public const int Longest = 16 << 20;

    /// <summary>Writes the line, without its line break.</summary>
    public static void Write(IBufferWriter<byte> output, AuditEvent audit, Guid id, DateTimeOffset at, string node, long sequence, string previous)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("sequence", sequence);
        json.WriteString("previous", previous);
        json.WriteString("id", id);
        json.WriteString("time", at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("node", Cut(node));
        json.WriteString("type", audit.Type);
        json.WriteString("outcome", Cut(audit.Outcome));
        if (audit.Actor is { } actor)
            WriteActor(json, actor);
        WriteText(json, "object", audit.Object);
        WriteText(json, "target", audit.Target);
        if (audit.SessionId is { } session)
            json.WriteString("session", session);
        WriteText(json, "rule", audit.RuleId);
        WriteText(json, "reason", audit.Reason);
        if (audit.Changes is { Count: > 0 } changes)
            WriteChanges(json, changes);
        if (audit.Details is { Count: > 0 } details)
        {
            json.WriteStartObject("details");
            foreach ((string name, string value) in details.Take(MostEntries))
                WriteText(json, name, value);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>The row of a line.</summary>
    public static AuditRow Row(AuditEvent audit, Guid id, DateTimeOffset at, string node, ReadOnlySpan<byte> line) => new()
    {
        Id = id,
        At = at,
        Node = node,
        Type = audit.Type,
        Actor = Column(audit.Actor?.Subject),
        ActorIssuer = Column(audit.Actor?.Issuer),
        Target = Column(audit.Target),
        SessionId = audit.SessionId,
        Json = Encoding.UTF8.GetString(line),
    };

    /// <summary>The row of a line that was found in the file.</summary>
    /// <exception cref="FormatException">It is no such line.</exception>
    public static AuditRow Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            JsonElement actor = root.TryGetProperty("actor", out JsonElement found) ? found : default;
            return new AuditRow
            {
                Id = root.GetProperty("id").GetGuid(),
                At = root.GetProperty("time").GetDateTimeOffset(),
                Node = root.GetProperty("node").GetString()!,
                Type = root.GetProperty("type").GetString()!,
                Actor = actor.ValueKind == JsonValueKind.Object ? Column(actor.GetProperty("subject").GetString()) : null,
                ActorIssuer = actor.ValueKind == JsonValueKind.Object ? Column(actor.GetProperty("issuer").GetString()) : null,
                Target = root.TryGetProperty("target", out JsonElement target) ? Column(target.GetString()) : null,
                SessionId = root.TryGetProperty("session", out JsonElement session) ? session.GetGuid() : null,
                Json = Encoding.UTF8.GetString(line.Span),
            };
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException("not a line of the audit", wrong);
        }
    }

    private static void WriteActor(Utf8JsonWriter json, AuditActor actor)
    {
        json.WriteStartObject("actor");
        json.WriteString("subject", Cut(actor.Subject));
        json.WriteString("issuer", Cut(actor.Issuer));
        if (actor.ActingFor.Count > 0)
        {
            json.WriteStartArray("actingFor");
            foreach (string subject in actor.ActingFor.Take(MostEntries))
                json.WriteStringValue(Cut(subject));
            json.WriteEndArray();
        }

        WriteText(json, "source", actor.Source?.ToString());
        json.WriteEndObject();
    }

    private static void WriteChanges(Utf8JsonWriter json, IReadOnlyDictionary<string, AuditChange> changes)
    {
        json.WriteStartObject("changes");
        foreach ((string name, AuditChange change) in changes.Take(MostEntries))
        {
            json.WriteStartObject(Cut(name));
            json.WriteString("before", Cut(change.Before));
            json.WriteString("after", Cut(change.After));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(Cut(name), Cut(value));
    }

    /// <summary>Text that JSON and both databases take, and no longer than allowed. Halves of surrogate pairs are no text at all.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    private static string? Cut(string? value)
    {
        if (value is null)
            return null;
        if (value.Length > LongestValue)
            value = string.Concat(value.AsSpan(0, char.IsHighSurrogate(value[LongestValue - 1]) ? LongestValue - 1 : LongestValue), "…");
        return value.AsSpan().ContainsAnyInRange('\ud800', '\udfff') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value)) : value;
    }

    /// <summary>PostgreSQL's texts have no zero character.</summary>
    private static string? Column(string? value) => Cut(value)?.Replace('\0', '\ufffd');
}
