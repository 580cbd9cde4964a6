namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>
/// Functions of PostgreSQL and its contrib modules that reach outside the database, run text as SQL, or act on other sessions or the server.
/// A call is an effect of its own, (Call, name), so that no rule for tables lets it through. The qualifier does not count: contrib modules live in any schema.
/// </summary>
internal static class SqlSensitiveFunctions
{
    public static bool Contains(ReadOnlySpan<byte> name)
    {
        if (name.Length < 6)
            return false;
        return name[0] switch
        {
            (byte)'p' => name.StartsWith("pg_"u8) && IsServer(name[3..]),
            (byte)'l' => IsLargeObject(name),
            (byte)'d' => name.StartsWith("dblink"u8) || name.StartsWith("database_to_xml"u8),
            (byte)'q' => name.StartsWith("query_to_xml"u8),
            (byte)'c' => name.StartsWith("cursor_to_xml"u8) || name.SequenceEqual("connectby"u8) || name.StartsWith("crosstab"u8),
            (byte)'t' => name.StartsWith("table_to_xml"u8) || name.SequenceEqual("ts_stat"u8) || name.SequenceEqual("ts_rewrite"u8),
            (byte)'s' => name.StartsWith("schema_to_xml"u8) || name.SequenceEqual("set_config"u8),
            (byte)'x' => name.SequenceEqual("xpath_table"u8),
            _ => false,
        };
    }

    /// <summary>System administration functions (9.28) and adminpack, by their name behind <c>pg_</c>.</summary>
    private static bool IsServer(ReadOnlySpan<byte> name) => name[0] switch
    {
        (byte)'r' => name.StartsWith("read_"u8) || name.SequenceEqual("reload_conf"u8) || name.StartsWith("rotate_logfile"u8)
            || name.StartsWith("replication_"u8) || name.StartsWith("restore_"u8),
        (byte)'l' => name.StartsWith("ls_"u8) || name.StartsWith("logical_"u8) || name.StartsWith("logdir_ls"u8) || name.StartsWith("log_"u8),
        (byte)'s' => name.StartsWith("stat_file"u8) || name.StartsWith("stat_reset"u8) || name.StartsWith("switch_"u8) || name.StartsWith("start_backup"u8)
            || name.StartsWith("stop_backup"u8) || name.StartsWith("sync_replication_slots"u8),
        (byte)'t' => name.SequenceEqual("terminate_backend"u8),
        (byte)'c' => name.SequenceEqual("cancel_backend"u8) || name.StartsWith("create_"u8) || name.StartsWith("copy_"u8),
        (byte)'d' => name.StartsWith("drop_replication_slot"u8),
        (byte)'p' => name.SequenceEqual("promote"u8),
        (byte)'n' => name.SequenceEqual("notify"u8),
        (byte)'f' => name.StartsWith("file_"u8),
        (byte)'b' => name.StartsWith("backup"u8),
        (byte)'w' => name.StartsWith("wal_replay_"u8),
        _ => false,
    };

    /// <summary>Server-side large object functions (33.4), client-side names included: lo_import, lo_export, lo_get, lo_put, loread, lowrite …</summary>
    private static bool IsLargeObject(ReadOnlySpan<byte> name) =>
        name.StartsWith("lo_"u8) || name.SequenceEqual("loread"u8) || name.SequenceEqual("lowrite"u8);
}
