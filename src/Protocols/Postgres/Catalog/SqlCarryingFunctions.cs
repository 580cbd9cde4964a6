namespace Sallyport.Protocols.Postgres.Catalog;

/// <summary>
/// Functions of PostgreSQL that keep their argument where another statement can read it: a sequence's value, a lock's key in <c>pg_locks</c>,
/// the state that <c>random()</c> goes on from. Harmless alone; with a masked value for an argument they would carry it past the masks.
/// </summary>
internal static class SqlCarryingFunctions
{
    public static bool Contains(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("setval"u8) || name.SequenceEqual("setseed"u8)
        || name.StartsWith("pg_advisory_"u8) || name.StartsWith("pg_try_advisory_"u8);
}
