using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Sallyport.Protocols.Ssh.Transcript;

/// <summary>The event <c>file</c>: a file was moved, or was to be.</summary>
/// <param name="Path">Absolute where it could be made so.</param>
/// <param name="Direction"><c>download</c> (to the client) or <c>upload</c>.</param>
/// <param name="Bytes">Moved.</param>
/// <param name="Sha256">Of the whole file in hex; null when not every byte of it was seen once and in order.</param>
/// <param name="Ms">Milliseconds it took.</param>
/// <param name="Status"><c>complete</c>, <c>partial</c>, <c>failed</c> or <c>refused</c>.</param>
/// <param name="Channel">The channel's number in the recording.</param>
/// <param name="By"><c>sftp</c>, <c>scp</c>, <c>rsync</c> or <c>git</c>.</param>
public sealed record SshFileEvent(string Path, string Direction, long Bytes, string? Sha256, long Ms, string Status, uint Channel, string By)
{
    /// <summary>The event's name.</summary>
    public const string Name = "file";

    /// <summary>One line of JSON that fits an event.</summary>
    public string ToDetail() => SshEventJson.Write(Path, path => this with { Path = path }, SshEventJson.Default.SshFileEvent);

    /// <summary>The event that a detail tells, or null when it tells none.</summary>
    public static SshFileEvent? Read(string detail) =>
        SshEventJson.Read(detail, SshEventJson.Default.SshFileEvent) is { Path: not null, Direction: not null, Status: not null, By: not null } read ? read : null;
}

/// <summary>The event <c>command</c>: a command was seen in a terminal.</summary>
/// <param name="Channel">The channel's number in the recording.</param>
/// <param name="Text">As the screen showed it.</param>
public sealed record SshCommandEvent(uint Channel, string Text)
{
    /// <inheritdoc cref="SshFileEvent.Name"/>
    public const string Name = "command";

    /// <inheritdoc cref="SshFileEvent.ToDetail"/>
    public string ToDetail() => SshEventJson.Write(Text, text => this with { Text = text }, SshEventJson.Default.SshCommandEvent);

    /// <inheritdoc cref="SshFileEvent.Read"/>
    public static SshCommandEvent? Read(string detail) => SshEventJson.Read(detail, SshEventJson.Default.SshCommandEvent) is { Text: not null } read ? read : null;
}

/// <summary>The event <c>git-push</c>: a client asked git to change a ref.</summary>
/// <param name="Channel">The channel's number in the recording.</param>
/// <param name="Path">The repository, as the decision names it.</param>
/// <param name="Ref">The ref, as the client named it: <c>refs/heads/main</c>.</param>
/// <param name="Old">The id that it had, in hex; zeros: there was none.</param>
/// <param name="New">The id that it gets; zeros: it is deleted.</param>
public sealed record SshGitPushEvent(uint Channel, string Path, string Ref, string Old, string New)
{
    /// <inheritdoc cref="SshFileEvent.Name"/>
    public const string Name = "git-push";

    /// <inheritdoc cref="SshFileEvent.ToDetail"/>
    public string ToDetail() => SshEventJson.Write(Path, path => this with { Path = path }, SshEventJson.Default.SshGitPushEvent);

    /// <inheritdoc cref="SshFileEvent.Read"/>
    public static SshGitPushEvent? Read(string detail) =>
        SshEventJson.Read(detail, SshEventJson.Default.SshGitPushEvent) is { Path: not null, Ref: not null, Old: not null, New: not null } read ? read : null;
}

/// <summary>The event <c>forward</c>, at the end of a forwarded connection.</summary>
/// <param name="Channel">The channel's number in the recording.</param>
/// <param name="Kind"><c>local</c>, <c>remote</c>, <c>agent</c> or <c>x11</c>.</param>
/// <param name="Destination">Host and port, or a socket's path; empty for agent and X11.</param>
/// <param name="BytesToTarget">From the client's side to the target's.</param>
/// <param name="BytesToClient">From the target's side to the client's.</param>
/// <param name="Ms">Milliseconds it was open.</param>
public sealed record SshForwardEvent(
    uint Channel,
    string Kind,
    string Destination,
    [property: JsonPropertyName("bytes-to-target")] long BytesToTarget,
    [property: JsonPropertyName("bytes-to-client")] long BytesToClient,
    long Ms)
{
    /// <inheritdoc cref="SshFileEvent.Name"/>
    public const string Name = "forward";

    /// <inheritdoc cref="SshFileEvent.ToDetail"/>
    public string ToDetail() => SshEventJson.Write(Destination, destination => this with { Destination = destination }, SshEventJson.Default.SshForwardEvent);

    /// <inheritdoc cref="SshFileEvent.Read"/>
    public static SshForwardEvent? Read(string detail) =>
        SshEventJson.Read(detail, SshEventJson.Default.SshForwardEvent) is { Kind: not null, Destination: not null } read ? read : null;
}

/// <summary>The details of events as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SshFileEvent))]
[JsonSerializable(typeof(SshCommandEvent))]
[JsonSerializable(typeof(SshForwardEvent))]
[JsonSerializable(typeof(SshGitPushEvent))]
internal sealed partial class SshEventJson : JsonSerializerContext
{
    // An event's detail holds 4096 characters; what is beyond would be cut off, and with it the JSON's end.
    private const int MaxDetail = 4096;

    public static string Write<T>(string text, Func<string, T> with, JsonTypeInfo<T> type)
    {
        string head = text.Length <= MaxDetail ? text : text[..MaxDetail];
        while (true)
        {
            string detail = JsonSerializer.Serialize(with(head.Length == text.Length ? text : head + "…"), type);
            if (detail.Length <= MaxDetail || head.Length == 0)
                return detail;

            // An escape takes up to six characters: halving finds a length that fits in a few steps.
            head = head[..(head.Length / 2)];
        }
    }

    public static T? Read<T>(string detail, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(detail, type);
        }
        catch (JsonException)
        {
            // Not what this name stands for: a recording may hold anything.
            return null;
        }
    }
}
