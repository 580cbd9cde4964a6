using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sallyport.Replay.Json;

/// <summary>
/// JSON for other programs. list and verify write one array; show writes JSON lines: a <c>session</c>, then in order <c>statement</c>,
/// <c>function-call</c>, <c>message</c>, <c>notification</c>, <c>malformed</c>, <c>channel</c>, <c>request</c>, <c>global-request</c>, <c>exchange</c>,
/// <c>decision</c>, <c>event</c> and <c>damage</c> objects, and last an <c>end</c>.
/// Times are ISO 8601 in UTC, durations milliseconds; a field that does not apply is absent.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<VerifyJson>))]
[JsonSerializable(typeof(List<ListJson>))]
[JsonSerializable(typeof(SessionJson))]
[JsonSerializable(typeof(StatementJson))]
[JsonSerializable(typeof(FunctionCallJson))]
[JsonSerializable(typeof(MessageJson))]
[JsonSerializable(typeof(NotificationJson))]
[JsonSerializable(typeof(MalformedJson))]
[JsonSerializable(typeof(DecisionJson))]
[JsonSerializable(typeof(EventJson))]
[JsonSerializable(typeof(ChannelJson))]
[JsonSerializable(typeof(RequestJson))]
[JsonSerializable(typeof(GlobalRequestJson))]
[JsonSerializable(typeof(ExchangeJson))]
[JsonSerializable(typeof(TimelineAction))]
[JsonSerializable(typeof(List<MatchJson>))]
[JsonSerializable(typeof(DamageLineJson))]
[JsonSerializable(typeof(EndJson))]
internal sealed partial class ReplayJson : JsonSerializerContext
{
    /// <summary>Writes one value and ends the line. The default encoder escapes control and non-ASCII characters, so a terminal is safe too.</summary>
    public static void Write<T>(TextWriter output, T value) =>
        output.WriteLine(JsonSerializer.Serialize(value, typeof(T), Default));
}
