using System.Text;
using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Masking;

/// <summary>What is shown in place of a masked value, and that all else is shown as it is.</summary>
[Collection(PostgresTests.Name)]
public sealed class StrategyTests(MaskedDaemon fixture) : IClassFixture<MaskedDaemon>
{
    private const string AllColumns = "SELECT name, email, card, note, nick, pin, ref, photo, born FROM people WHERE id = $1";

    [Fact]
    public async Task Text_keeps_what_its_strategy_keeps_and_other_types_become_NULL()
    {
        (PsqlResult result, byte[] shown) = await fixture.ByPsqlAsync(AllColumns.Replace("$1", "7") + ";", "-At", "--pset=null=NULL");

        Assert.Equal("Person 7|z***@secret.example|**************1234|[redacted]|NULL|NULL|NULL|NULL|NULL\n", result.Output);
        Canary.AssertUnseen(shown, "psql");
    }

    [Fact]
    public async Task Binary_values_are_masked_alike()
    {
        byte[] shown = await fixture.ByNpgsqlAsync(async connection =>
        {
            await using var command = new NpgsqlCommand(AllColumns, connection) { Parameters = { new() { Value = 7 } } };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            Assert.True(await reader.ReadAsync());
            Assert.Equal(["Person 7", "z***@secret.example", "**************1234", "[redacted]"], Enumerable.Range(0, 4).Select(reader.GetString));
            Assert.All(Enumerable.Range(4, 5), column => Assert.True(reader.IsDBNull(column)));
        });

        Canary.AssertUnseen(shown, "Npgsql");
    }

    [Fact]
    public async Task A_hash_is_the_same_for_the_same_value_and_no_other()
    {
        (PsqlResult result, _) = await fixture.ByPsqlAsync("SELECT ssn FROM people WHERE id IN (7, 12, 8) ORDER BY id;", "-At");

        string[] hashes = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches("^[0-9a-f]{16}$", hashes[0]);
        Assert.Equal(hashes[0], hashes[2]);
        Assert.NotEqual(hashes[0], hashes[1]);
    }

    [Fact]
    public async Task NULL_stays_NULL_and_no_rows_stay_none()
    {
        (PsqlResult result, _) = await fixture.ByPsqlAsync("SELECT name, email, card, note, ssn, pin FROM people WHERE id = 31;\nSELECT email FROM people WHERE false;", "-At", "--pset=null=NULL");

        Assert.Equal("Nobody|NULL|NULL|NULL|NULL|NULL\n", result.Output);
    }

    [Fact]
    public async Task What_has_nothing_to_do_with_masks_is_shown_as_it_is()
    {
        const string Script = """
            SELECT id, name FROM people ORDER BY id;
            SELECT upper(words), id + 1 FROM clean ORDER BY id;
            SELECT count(*), max(words) FROM clean;
            SELECT email FROM other.people;
            SELECT email, current_user, version() FROM other.people WHERE false;
            INSERT INTO log SELECT words FROM clean RETURNING words;
            WITH c AS (SELECT words FROM clean) SELECT string_agg(words, ', ' ORDER BY words) FROM c;
            SELECT n, md5(n::text) FROM generate_series(1, 100) n;
            SELECT current_date = now()::date, coalesce(NULL, 'this'), extract(year FROM date '2026-03-14');
            SELECT 1/0;
            SELECT nonsense FROM clean;
            DELETE FROM log WHERE words <> 'so far';
            """;
        (PsqlResult direct, _) = await fixture.DirectlyAsync(Script);
        (PsqlResult masked, _) = await fixture.ByPsqlAsync(Script);

        // A division by zero quotes nothing, but its class of errors may.
        string withheld = "the target's message is withheld: it may quote a masked value";
        Assert.Equal(direct.ToString().Replace("division by zero", withheld), masked.ToString());
    }

    [Theory]
    [InlineData("\\d people")]
    [InlineData("\\d+ people_view")]
    [InlineData("\\dt+")]
    [InlineData("\\df all_people")]
    [InlineData("\\dn")]
    [InlineData("\\l")]
    public async Task Psql_describes_masked_tables_as_ever(string command)
    {
        (PsqlResult direct, _) = await fixture.DirectlyAsync(command);
        (PsqlResult masked, _) = await fixture.ByPsqlAsync(command);

        Assert.True(direct.ToString() == masked.ToString(), $"direct:\n{direct}\nmasked:\n{masked}");
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    public async Task A_statement_that_is_executed_again_without_Describe_is_masked_again(bool autoPrepare, int descriptions)
    {
        byte[] shown = await fixture.ByNpgsqlAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand("SELECT email, lower(note) AS once FROM people WHERE id = $1", connection) { Parameters = { new NpgsqlParameter<int>() } };
                if (!autoPrepare)
                    await command.PrepareAsync();
                for (int id = 1; id <= 10; id++)
                {
                    ((NpgsqlParameter<int>)command.Parameters[0]).TypedValue = id;
                    await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
                    Assert.True(await reader.ReadAsync());
                    Assert.Equal(("z***@secret.example", "[redacted]"), (reader.GetString(0), reader.GetString(1)));
                }
            },
            settings => (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages) = (autoPrepare ? 5 : 0, 1));

        Canary.AssertUnseen(shown, "Npgsql");
        Assert.Equal(descriptions, Encoding.ASCII.GetString(shown).Split("once").Length - 1);
    }

    [Fact]
    public async Task In_a_batch_each_result_has_its_own_masks_and_a_refusal_keeps_its_place()
    {
        byte[] shown = await fixture.ByNpgsqlAsync(async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            foreach (string sql in new[] { "SELECT words FROM clean WHERE id = 1", "SELECT email FROM people WHERE id = 1", "SELECT upper(words) FROM clean WHERE id = 2", "SELECT note FROM people WHERE id = 1", "COPY people TO STDOUT", "SELECT 'never'" })
                batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
            var seen = new List<string>();
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync();
            PostgresException refusal = await Assert.ThrowsAsync<PostgresException>(async () =>
            {
                do
                {
                    while (await reader.ReadAsync())
                        seen.Add(reader.GetString(0));
                }
                while (await reader.NextResultAsync());
            });

            Assert.Equal(["plain words", "z***@secret.example", "MORE OF THEM", "[redacted]"], seen);
            Assert.Equal("Rule masking/copy.", refusal.Detail);
        });

        Canary.AssertUnseen(shown, "Npgsql");
    }

    [Fact]
    public async Task A_long_result_is_masked_to_its_end()
    {
        (PsqlResult result, byte[] shown) = await fixture.ByPsqlAsync(
            "SELECT email, n, card, name FROM people, generate_series(1, 3000) n WHERE people.id < 31;", "-At");

        string[] rows = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(90_000, rows.Length);
        Assert.All(rows, row => Assert.StartsWith("z***@secret.example|", row));
        Canary.AssertUnseen(shown, "psql");
    }

    [Theory]
    [InlineData("COPY people TO STDOUT", "masking/copy")]
    [InlineData("COPY (SELECT upper(email) FROM people) TO STDOUT", "masking/copy")]
    [InlineData("CREATE TABLE kept AS SELECT * FROM people", "masking/stored")]
    [InlineData("INSERT INTO log SELECT email FROM people", "masking/stored")]
    [InlineData("DO $$ BEGIN END $$", "masking/do")]
    [InlineData("SELECT set_config('a.b', max(email), false) FROM people", "masking/escape")]
    public async Task What_cannot_be_masked_is_refused_by_a_rule_that_says_so(string sql, string rule)
    {
        (PsqlResult result, _) = await fixture.ByPsqlAsync(sql + ";\nSELECT 'goes on';", "-At");

        Assert.Contains($"DETAIL:  Rule {rule}.\n", result.Error);
        Assert.Contains("HINT:  ", result.Error);
        Assert.Equal("goes on\n", result.Output);
    }
}
