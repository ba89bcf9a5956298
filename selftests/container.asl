// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware of container.sh: a board of node 1 that holds all CPUs but the first,
 * and memory in RAM that the kernel was told to leave alone, some of it in node 0. A
 * part of them is in a board that is plugged into it. Reading a file of the devices
 * SHPT000n in sysfs runs a method:
 *
 * SHPT0000/sun	the board is there: Device Check
 * SHPT0000/hrv	the last _OST as COUNT * 1000000 + SOURCE * 1000 + STATUS
 * SHPT0001/sun	the next _EJ0 fails
 *
 * The CPUs are also in the DSDT. To the devices here they are given because these
 * are scanned earlier, as they are below PCI0, and because they appear, by
 * _DEP, only then: after the kernel has looked for CPUs that have the same number.
 */
DefinitionBlock ("", "SSDT", 2, "SHPT", "BOARD", 1)
{
	External (\_SB.PCI0, DeviceObj)

	Scope (\_SB.PCI0)
	{
		Name (CSTA, 0)
		Name (OCNT, 0)
		Name (OLST, 0)
		Name (FAIL, 0)

		// Its parent is scanned after a Device Check, and PCI0 would not be
		Device (SLOT)
		{
			Name (_HID, "SHPT0002")
			Method (_DEP)
			{
				CSTA = 0x0F
				Return (Package () {})
			}

			Device (MOD0)
			{
				Name (_HID, "ACPI0004")
				Name (_UID, 0x10)
				Name (_PXM, 1)
				Method (_STA)
				{
					Return (CSTA)
				}
				Method (_EJ0, 1)
				{
					If (FAIL)
					{
						Local0 = FAIL
						FAIL = 0
						Local0 = Local0 / FAIL
					}
					CSTA = 0
				}
				Method (_OST, 3)
				{
					// Not "in progress"
					If (Arg1 != 0x84)
					{
						OCNT++
						OLST = Arg0 * 1000 + Arg1
					}
				}

				Device (CPU1)
				{
					Name (_HID, "ACPI0007")
					Name (_UID, 1)
					Method (_STA)
					{
						Return (CSTA)
					}
				}
				Device (MEM0)
				{
					Name (_HID, EisaId ("PNP0C80"))
					Name (_UID, 0x100)
					Name (_CRS, ResourceTemplate ()
					{
						QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable,
							ReadWrite, 0, 0x40000000, 0x47FFFFFF, 0, 0x08000000)
					})
					Method (_STA)
					{
						Return (CSTA)
					}
				}
				Device (MOD1)
				{
					Name (_HID, "ACPI0004")
					Name (_UID, 0x11)
					Method (_STA)
					{
						Return (CSTA)
					}

					Device (CPU3)
					{
						Name (_HID, "ACPI0007")
						Name (_UID, 3)
						Method (_STA)
						{
							Return (CSTA)
						}
					}
					Device (MEM2)
					{
						Name (_HID, EisaId ("PNP0C80"))
						Name (_UID, 0x102)
						Name (_CRS, ResourceTemplate ()
						{
							QWordMemory (ResourceProducer, , MinFixed, MaxFixed,
								Cacheable, ReadWrite,
								0, 0x50000000, 0x57FFFFFF, 0, 0x08000000)
						})
						Method (_STA)
						{
							Return (CSTA)
						}
					}
				}
				Device (MEM1)
				{
					Name (_HID, EisaId ("PNP0C80"))
					Name (_UID, 0x101)
					Name (_PXM, 0)
					Name (_CRS, ResourceTemplate ()
					{
						QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable,
							ReadWrite, 0, 0x48000000, 0x4FFFFFFF, 0, 0x08000000)
					})
					Method (_STA)
					{
						Return (CSTA)
					}
				}
				// The processor container is not hot-plugged, only what holds it
				Device (CPUS)
				{
					Name (_HID, "ACPI0010")
					Method (_STA)
					{
						Return (CSTA)
					}

					Device (CPU2)
					{
						Name (_HID, "ACPI0007")
						Name (_UID, 2)
						Method (_STA)
						{
							Return (CSTA)
						}
					}
				}
			}
		}

		Device (SHP0)
		{
			Name (_HID, "SHPT0000")
			Method (_SUN)
			{
				CSTA = 0x0F
				Notify (^^SLOT.MOD0, 1)
				Return (0)
			}
			Method (_HRV)
			{
				Return (OCNT * 1000000 + OLST)
			}
		}

		Device (SHP1)
		{
			Name (_HID, "SHPT0001")
			Method (_SUN)
			{
				FAIL = 1
				Return (0)
			}
		}
	}
}
