using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Store;

/// <summary>Values and tables in a form that belongs to neither database.</summary>
internal static class Portable
{
    /// <summary>What is about running daemons is not part of the state that a backup keeps.</summary>
    private static readonly Type[] Passing = [typeof(NodeRow), typeof(SessionRow), typeof(ClusterEventRow)];

    /// <summary>Every table, those that others refer to first.</summary>
    public static IReadOnlyList<IEntityType> Tables(StateContext db)
    {
        List<IEntityType> left = [.. db.Model.GetEntityTypes().OrderBy(t => t.GetTableName(), StringComparer.Ordinal)];
        var ordered = new List<IEntityType>(left.Count);
        while (left.Count > 0)
        {
            IEntityType next = left.First(t => t.GetForeignKeys().All(key => key.PrincipalEntityType == t || ordered.Contains(key.PrincipalEntityType)));
            ordered.Add(next);
            left.Remove(next);
        }

        return ordered;
    }

    /// <summary>True for a table that a backup keeps.</summary>
    public static bool IsKept(IEntityType table) => !Passing.Contains(table.ClrType);

    public static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string text: json.WriteStringValue(text); break;
            case byte[] bytes: json.WriteBase64StringValue(bytes); break;
            case Guid id: json.WriteStringValue(id); break;
            case bool truth: json.WriteBooleanValue(truth); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case Enum word: json.WriteNumberValue(Convert.ToInt64(word, CultureInfo.InvariantCulture)); break;
            case DateTimeOffset at: json.WriteNumberValue(at.ToUnixTimeMilliseconds()); break;
            case TimeSpan time: json.WriteNumberValue(time.Ticks); break;
            case DateTime at: json.WriteNumberValue(at.Ticks); break;
            default: throw new NotSupportedException($"a backup has no form for {value.GetType()}");
        }
    }

    /// <exception cref="FormatException">It is no such value.</exception>
    public static object? Read(JsonElement json, Type type)
    {
        if (json.ValueKind == JsonValueKind.Null)
            return null;
        Type bare = Nullable.GetUnderlyingType(type) ?? type;
        try
        {
            return bare switch
            {
                _ when bare == typeof(string) => json.GetString(),
                _ when bare == typeof(byte[]) => json.GetBytesFromBase64(),
                _ when bare == typeof(Guid) => json.GetGuid(),
                _ when bare == typeof(bool) => json.GetBoolean(),
                _ when bare == typeof(int) => json.GetInt32(),
                _ when bare == typeof(long) => json.GetInt64(),
                _ when bare.IsEnum => Enum.ToObject(bare, json.GetInt64()),
                _ when bare == typeof(DateTimeOffset) => DateTimeOffset.FromUnixTimeMilliseconds(json.GetInt64()),
                _ when bare == typeof(TimeSpan) => new TimeSpan(json.GetInt64()),
                _ when bare == typeof(DateTime) => new DateTime(json.GetInt64(), DateTimeKind.Utc),
                _ => throw new NotSupportedException($"a backup has no form for {bare}"),
            };
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw new FormatException("a value is not of its column's type", wrong);
        }
    }
}
